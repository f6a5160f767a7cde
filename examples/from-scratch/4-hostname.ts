// Step 4: the hostname is set, in the namespace, so the host keeps its own.
// Still open: the process sees all processes of the machine, and as root it can kill them.
import { spawnSync } from 'node:child_process';
import { changeRoot } from '@coracle/chroot-fs';
import { namespaceFlags, setHostname } from '@coracle/namespaces';
import { runLocally, unshare } from '@coracle/syscalls';

const [verb, program, ...args] = process.argv.slice(2);
if (verb !== 'run' || program === undefined) throw new Error('usage: 4-hostname.ts run PROGRAM [ARG...]');

runLocally([
  unshare(namespaceFlags(['uts']), 'have a hostname of its own'),
  ...setHostname('container'),
  ...changeRoot('./container'),
]).throwIfFailed();

const { status } = spawnSync(program, args, { stdio: 'inherit' });
process.exitCode = status ?? 1;
