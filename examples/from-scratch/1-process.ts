// Step 1: a command that starts a process.
// Still open: everything. The process sees and can do what its caller can.
import { spawnSync } from 'node:child_process';

const [verb, program, ...args] = process.argv.slice(2);
if (verb !== 'run' || program === undefined) throw new Error('usage: 1-process.ts run PROGRAM [ARG...]');

const { status } = spawnSync(program, args, { stdio: 'inherit' });
process.exitCode = status ?? 1;
