/**
 * To be imported by a program (`node --import`): from then on the calls that make mounts by descriptor are refused to it and to all
 * that it starts, as on an old kernel or behind the filter of an old container runtime. REFUSE_MOUNT_CALLS is the errno, REFUSE_CALLS
 * the names of other calls that are refused in their place.
 */
import { type ErrnoName, errnoNumber } from '@coracle/errors';
import type { Seccomp } from '@coracle/oci-spec';
import { compileProfile, loadFilter } from '@coracle/seccomp';
import { flags, PR, prctl, runLocally } from '@coracle/syscalls';

const MOUNT_CALLS = ['open_tree', 'move_mount', 'fsopen', 'fsconfig', 'fsmount', 'fspick', 'mount_setattr'];
const names = process.env['REFUSE_CALLS']?.split(',') ?? MOUNT_CALLS;
const errnoRet = errnoNumber((process.env['REFUSE_MOUNT_CALLS'] ?? 'ENOSYS') as ErrnoName);
const profile: Seccomp = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names, action: 'SCMP_ACT_ERRNO', errnoRet }],
};
// Root needs no promise for it, and newuidmap(1) would lose its rights by one.
const promise = prctl(flags(PR, 'PR_SET_NO_NEW_PRIVS'), [1, 0, 0, 0], 'be allowed to load a filter');
const isRoot = process.geteuid?.() === 0;
runLocally([...(isRoot ? [] : [promise]), loadFilter(compileProfile(profile), 'refuse the calls')]).throwIfFailed();
