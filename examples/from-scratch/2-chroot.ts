// Step 2: its own files. After chroot(2) every path starts below ./container.
// Still open: a process with root's rights gets out of a chroot again, and everything but files is the host's.
import { spawnSync } from 'node:child_process';
import { changeRoot } from '@coracle/chroot-fs';
import { runLocally } from '@coracle/syscalls';

const [verb, program, ...args] = process.argv.slice(2);
if (verb !== 'run' || program === undefined) throw new Error('usage: 2-chroot.ts run PROGRAM [ARG...]');

runLocally(changeRoot('./container')).throwIfFailed();

const { status } = spawnSync(program, args, { stdio: 'inherit' });
process.exitCode = status ?? 1;
