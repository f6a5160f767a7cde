// Step 3: a hostname that can be changed without changing the host's: a uts namespace, entered before the process is born.
// Still open: the hostname has to be set by hand, inside.
import { spawnSync } from 'node:child_process';
import { changeRoot } from '@coracle/chroot-fs';
import { namespaceFlags } from '@coracle/namespaces';
import { runLocally, unshare } from '@coracle/syscalls';

const [verb, program, ...args] = process.argv.slice(2);
if (verb !== 'run' || program === undefined) throw new Error('usage: 3-uts.ts run PROGRAM [ARG...]');

runLocally([
  unshare(namespaceFlags(['uts']), 'have a hostname of its own'),
  ...changeRoot('./container'),
]).throwIfFailed();

const { status } = spawnSync(program, args, { stdio: 'inherit' });
process.exitCode = status ?? 1;
