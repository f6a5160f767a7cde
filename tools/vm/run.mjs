#!/usr/bin/env node
// node tools/vm/run.mjs [--memory 2G] [--kernel PARAMETERS] [--kernels DIR] [--user NAME|UID] [--delegate UID] [--timeout SECONDS] -- COMMAND [ARG...]
import { parseArgs } from 'node:util';
import { untilInterrupted } from './interruption.mjs';
import { accountOf } from './job.mjs';
import { runInMachine } from './machine.mjs';
import { MachineError } from './machine-error.mjs';
import { findParts, kernelsIn } from './parts.mjs';

const USAGE = `Usage: node tools/vm/run.mjs [OPTIONS] -- COMMAND [ARG...]

Runs COMMAND on a kernel with cgroup v2 only, in this directory, on a copy of this computer's files that is thrown away.

  --memory SIZE      of the machine (default: 2G)
  --kernel WORDS     further parameters of its kernel, such as 'security=selinux selinux=1'
  --kernels DIR      where to look for it, as boot/vmlinuz-* and lib/modules/* (default: /)
  --user NAME|UID    who runs COMMAND (default: root)
  --delegate UID     runs COMMAND as UID, in a leaf of a cgroup that belongs to UID
  --timeout SECONDS  ends the machine, and exits with 124
`;
const MACHINE_FAILED = 125;
const TIMED_OUT = 124;

const interruption = untilInterrupted();
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof MachineError)) throw error;
  if (error.code !== 'EABORTED') process.stderr.write(`coracle-vm: ${error.message}\n`);
  process.exitCode = error.code === 'ETIMEOUT' ? TIMED_OUT : (interruption.exitCode() ?? MACHINE_FAILED);
}

async function main(args) {
  const { options, command } = parse(args);
  if (options.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const user = options.delegate ?? options.user;
  return runInMachine({
    parts: findParts(kernelsIn(options.kernels)),
    job: {
      command,
      cwd: process.cwd(),
      env: process.env,
      ...(user ? { account: accountOf(user) } : {}),
      delegate: options.delegate !== undefined,
    },
    stdout: process.stdout,
    stderr: process.stderr,
    memory: options.memory,
    ...(options.kernel ? { parameters: options.kernel } : {}),
    ...(options.timeout ? { timeoutMs: Number(options.timeout) * 1000 } : {}),
    signal: interruption.signal,
  });
}

function parse(args) {
  const end = args.indexOf('--');
  const [own, command] = end < 0 ? [args, []] : [args.slice(0, end), args.slice(end + 1)];
  try {
    const { values: options } = parseArgs({
      args: own,
      options: {
        memory: { type: 'string', default: '2G' },
        kernel: { type: 'string' },
        kernels: { type: 'string' },
        user: { type: 'string' },
        delegate: { type: 'string' },
        timeout: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    const problem = options.help ? undefined : problemOf(options, command);
    if (problem) throw new Error(problem);
    return { options, command };
  } catch (error) {
    throw new MachineError('EUSAGE', `${error.message}\n${USAGE}`);
  }
}

function problemOf({ memory, user, delegate, timeout }, command) {
  if (command.length === 0) return 'There is no command: it comes after --';
  if (!/^\d+[MG]$/.test(memory)) return `--memory is a number with M or G, not ${memory}`;
  if (timeout !== undefined && !(Number(timeout) > 0)) return `--timeout is a number of seconds, not ${timeout}`;
  if (delegate !== undefined && !/^[1-9]\d*$/.test(delegate))
    return `--delegate is the number of an ordinary user, not ${delegate}`;
  if (delegate !== undefined && user !== undefined) return '--delegate says who runs the command; leave --user out';
  return undefined;
}
