// Step 5: processes of its own. The next child of this thread is process 1 of a new pid namespace, and can signal nobody outside.
// Still open: there is no /proc of that namespace, so ps shows nothing, or the host's.
import { spawnSync } from 'node:child_process';
import { changeRoot } from '@coracle/chroot-fs';
import { namespaceFlags, setHostname } from '@coracle/namespaces';
import { runLocally, unshare } from '@coracle/syscalls';

const [verb, program, ...args] = process.argv.slice(2);
if (verb !== 'run' || program === undefined) throw new Error('usage: 5-pid.ts run PROGRAM [ARG...]');

runLocally([
  unshare(namespaceFlags(['uts', 'pid']), 'have a hostname and processes of its own'),
  ...setHostname('container'),
  ...changeRoot('./container'),
]).throwIfFailed();

const { status } = spawnSync(program, args, { stdio: 'inherit' });
process.exitCode = status ?? 1;
