/**
 * Runs a command in which the calls that make mounts by descriptor are refused, as on an old kernel or behind the filter of an
 * old container runtime. Arguments: the errno, and the command. Needs CAP_SYS_ADMIN, for without it set-user-id programs would
 * lose their rights as well.
 */
import { spawnSync } from 'node:child_process';
import { type ErrnoName, errnoNumber } from '@coracle/errors';
import type { Seccomp } from '@coracle/oci-spec';
import { compileProfile, loadFilter } from '@coracle/seccomp';
import { runLocally } from '@coracle/syscalls';

const NAMES = ['open_tree', 'move_mount', 'fsopen', 'fsconfig', 'fsmount', 'fspick', 'mount_setattr'];

const [errno = 'ENOSYS', command = 'true', ...args] = process.argv.slice(2);
const errnoRet = errnoNumber(errno as ErrnoName);
const profile: Seccomp = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: NAMES, action: 'SCMP_ACT_ERRNO', errnoRet }],
};
runLocally([loadFilter(compileProfile(profile), 'refuse the mount calls')]).throwIfFailed();
const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
if (error) throw error;
process.exit(status ?? 1);
