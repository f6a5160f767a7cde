import { align } from './layout.ts';
import { libc } from './libc.ts';
import { CALL_LENGTH, encode, HEADER_LENGTH, NOT_MADE } from './message.ts';
import { Outcome } from './outcome.ts';
import type { Program, Step } from './step.ts';
import { setWord } from './word.ts';

/** Calls that would take the calling thread, which runs JavaScript, where JavaScript cannot go on. */
const NEVER_HERE = new Set(['clone', 'clone3', 'fork', 'vfork', 'execve', 'execveat', 'reap_children']);

/**
 * Runs a program in the calling thread: for a package used alone, for small programs, for tests.
 *
 * What the steps change is the thread's and the process's own: after an unshare the synchronous half of Node lives in the
 * new namespace and the thread pool in the old one. Containers are made with the agent, which has no such trouble.
 * @returns the outcome, also when a step failed: see {@link Outcome.throwIfFailed}
 * @throws {TypeError} for clone3, fork and execve, which only the agent can make
 * @example
 * runLocally({ steps: [mkdirat({ path: '/tmp/box' }, 'make a directory')] }).throwIfFailed();
 */
export function runLocally(program: Program | readonly Step[]): Outcome {
  const { steps, finally: cleanup = [] }: Program = 'steps' in program ? program : { steps: program };
  for (const step of [...steps, ...cleanup]) {
    if (NEVER_HERE.has(step.syscall))
      throw new TypeError(`${step.syscall} (${step.why}): only the agent can make this call`);
    if (step.only !== undefined)
      throw new TypeError(`${step.syscall} (${step.why}): there is no ${step.only} in this thread`);
  }
  const { arch, addressOf, syscall } = libc();
  const measured = encode({ steps, finally: cleanup }, { base: 0n, arch });
  const memory = new Uint8Array(align(measured.bytes.length));
  const message = encode({ steps, finally: cleanup }, { base: addressOf(memory), arch });
  memory.set(message.bytes);
  const view = new DataView(memory.buffer);
  const report = memory.subarray(message.report.offset, message.report.offset + message.report.length);
  const outcome = new Outcome(message, report);
  message.steps.forEach((_, index) => {
    setWord(view, message.report.offset + index * 8, NOT_MADE);
  });
  for (let index = 0; index < message.steps.length; index++) {
    const result = makeCall(view, { index, report: message.report.offset, syscall });
    view.setBigInt64(message.report.offset + index * 8, BigInt(result), true);
    if (result < 0 && index < message.cleanup && outcome.failure) index = message.cleanup - 1;
  }
  return outcome;
}

/** Makes the call with this index; the same rules as the agent's `make`. */
function makeCall(
  view: DataView,
  { index, report, syscall }: { index: number; report: number; syscall: (number: number, ...args: bigint[]) => number },
): number {
  const at = HEADER_LENGTH + index * CALL_LENGTH;
  const references = view.getUint8(at + 2);
  const args: bigint[] = [];
  for (let slot = 0; slot < 6; slot++) {
    let arg = view.getBigInt64(at + 8 + slot * 8, true);
    if ((references >> slot) & 1) {
      arg = view.getBigInt64(report + Number(arg) * 8, true);
      if (arg < 0n) return Number(arg);
    }
    args.push(arg);
  }
  return syscall(view.getUint16(at, true), ...args);
}
