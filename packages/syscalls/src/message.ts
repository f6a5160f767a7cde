import { errnoNumber } from '@coracle/errors';
import { type Arg, resultOf } from './arg.ts';
import { align, Layout } from './layout.ts';
import type { Program, Step } from './step.ts';
import { type Arch, syscallNumber } from './syscall-names.ts';
import { setWord } from './word.ts';

/**
 * The wire format of the agent (tools/agent/agent.c is its other half), all little-endian:
 *
 *     header   u64 checksum   of everything behind it, see {@link checksum}
 *              u32 magic      'CRCL'
 *              u32 length     of the whole message in bytes, a multiple of 8
 *              u32 count      of calls
 *              u32 cleanup    index of the first call that is made whatever failed before
 *              u32 report     offset of the report
 *              u32 reportLength
 *     calls    count times: u16 number, u8 references, u8 only, u8 tolerate[4], u64 arguments[6]
 *     report   i64 results[count], then the outputs: zeros, for the executor to fill in
 *     data     what arguments point at, by absolute address: the agent reads the message to a fixed one
 *
 * A call whose bit n is set in `references` takes as argument n the result of the call with that index; when that result
 * is an error the call is not made and its own result is the same error.
 */
export const HEADER_LENGTH = 32;
export const CALL_LENGTH = 56;
/** No call of Linux takes more. */
const ARGUMENTS = 6;
/** The last argument, which a call that takes fewer does not look at: there stands what a step needs. */
const SPARE = ARGUMENTS - 1;
const MAGIC = 0x4c435243;
const ONLY = { parent: 1, child: 2 } as const;
const NONE: readonly number[] = [];
/** In `tolerate`: every error. */
const TOLERATE_ANY = 0xff;
/** ECANCELED: the result of a call that was never made. */
export const NOT_MADE = -125;

/** Where the agent reads messages to; the linker script of tools/agent puts its buffer there. */
export const AGENT_BUFFER = 0x10000000n;
/** The longest message the agent takes: arguments and environment alone may be 2 MiB (execve(2)). */
export const MESSAGE_LIMIT: number = 4 * 1024 * 1024;

/** A program ready for an executor, and what is needed to understand its report. */
export interface Message {
  bytes: Uint8Array;
  steps: readonly Step[];
  cleanup: number;
  report: { offset: number; length: number };
  /** Offsets from the start of the report. */
  outputs: ReadonlyMap<string, { offset: number; length: number }>;
}

/**
 * Encodes a program for memory at `base`.
 * @throws {TypeError} when a step uses a result no earlier step gives, a call is unknown to the architecture, a string
 *   holds a NUL, a step has more than six arguments or tolerates more than four errors, two outputs of one name differ in
 *   length, or the message is over 4 MiB: faults of the program itself
 * @example
 * encode({ steps: [chdir('/', 'stand at the root')] }, { base: AGENT_BUFFER, arch: 'x64' });
 */
export function encode(program: Program, { base, arch }: { base: bigint; arch: Arch }): Message {
  const steps = [...program.steps, ...(program.finally ?? [])];
  const cleanup = program.steps.length;
  const report = HEADER_LENGTH + steps.length * CALL_LENGTH;
  const resultsEnd = report + steps.length * 8;
  const layout = new Layout({ base: Number(base), report, start: resultsEnd }, steps);
  const reportLength = layout.outputsEnd - report;
  const calls = encodeCalls(steps, { layout, reportLength, arch, cleanup });
  const length = align(layout.end);
  if (length > MESSAGE_LIMIT)
    throw new TypeError(
      `the program takes ${length} bytes, more than the ${MESSAGE_LIMIT} of one message: arguments and environment are too long`,
    );
  const bytes = new Uint8Array(length);
  bytes.set(calls, HEADER_LENGTH);
  layout.writeTo(bytes);
  const view = new DataView(bytes.buffer);
  [MAGIC, length, steps.length, cleanup, report, reportLength].forEach((word, index) => {
    view.setUint32(8 + index * 4, word, true);
  });
  setWord(view, 0, checksum(bytes, { from: report, to: report + reportLength }));
  const outputs = new Map(
    [...layout.outputs].map(([name, place]) => [name, { ...place, offset: place.offset - report }]),
  );
  return { bytes, steps, cleanup, report: { offset: report, length: reportLength }, outputs };
}

interface CallContext {
  layout: Layout;
  reportLength: number;
  arch: Arch;
  cleanup: number;
}

function encodeCalls(steps: readonly Step[], context: CallContext): Uint8Array {
  const bytes = new Uint8Array(steps.length * CALL_LENGTH);
  const view = new DataView(bytes.buffer);
  const labels = new Map<string, number>();
  const scope: Scope = { ...context, labels, step: undefined };
  steps.forEach((step, index) => {
    const at = index * CALL_LENGTH;
    const number = syscallNumber(step.syscall, context.arch);
    if (number === undefined) throw new TypeError(`${step.syscall}: no such system call on ${context.arch}`);
    view.setUint16(at, number, true);
    view.setUint8(at + 3, step.only === undefined ? 0 : ONLY[step.only]);
    tolerated(step, index >= context.cleanup).forEach((errno, slot) => {
      view.setUint8(at + 4 + slot, errno);
    });
    let references = 0;
    scope.step = step;
    if (step.args.length > ARGUMENTS) throw fault(scope, `a system call takes at most ${ARGUMENTS} arguments`);
    step.args.forEach((arg, slot) => {
      if (typeof arg === 'object' && arg !== null && 'kind' in arg && arg.kind === 'result') references |= 1 << slot;
      setWord(view, at + 8 + slot * 8, value(arg, scope));
    });
    if (step.needs !== undefined) {
      if (step.args.length === ARGUMENTS) throw fault(scope, `it has no room for '${step.needs}', which it needs`);
      references |= 1 << SPARE;
      setWord(view, at + 8 + SPARE * 8, value(resultOf(step.needs), scope));
    }
    view.setUint8(at + 2, references);
    if (step.result !== undefined) labels.set(step.result, index);
  });
  return bytes;
}

function tolerated(step: Step, inCleanup: boolean): readonly number[] {
  if (step.tolerate === 'any' || inCleanup) return [TOLERATE_ANY];
  if (!step.tolerate) return NONE;
  const errnos = step.tolerate.map(errnoNumber);
  if (errnos.length > 4) throw new TypeError(`${step.syscall} (${step.why}): a step tolerates at most four errors`);
  return errnos;
}

/** What the value of an argument depends on. */
interface Scope extends CallContext {
  labels: Map<string, number>;
  /** The step the argument belongs to, for errors. */
  step: Step | undefined;
}

function value(arg: Arg, scope: Scope): number | bigint {
  if (typeof arg === 'number' || typeof arg === 'bigint') return arg;
  const cutShort = textWithNul(arg);
  if (cutShort !== undefined) throw fault(scope, `${JSON.stringify(cutShort)} holds a NUL`);
  if (arg === null || typeof arg === 'string' || arg instanceof Uint8Array) return scope.layout.address(arg);
  switch (arg.kind) {
    case 'flags':
      return arg.value;
    case 'report-length':
      return scope.reportLength;
    case 'result': {
      const index = scope.labels.get(arg.of);
      if (index === undefined) throw fault(scope, `no earlier step gives '${arg.of}'`);
      return index;
    }
    default:
      return scope.layout.address(arg);
  }
}

/** A text the kernel would take only a part of: the argument, or one that its structure points at. */
function textWithNul(arg: Arg): string | undefined {
  if (typeof arg === 'string') return arg.includes('\0') ? arg : undefined;
  if (arg === null || typeof arg !== 'object' || arg instanceof Uint8Array || arg.kind !== 'struct') return undefined;
  for (const { target } of arg.pointers ?? []) {
    const found = textWithNul(target);
    if (found !== undefined) return found;
  }
  return undefined;
}

function fault({ step }: Scope, problem: string): TypeError {
  return new TypeError(`${step?.syscall} (${step?.why}): ${problem}`);
}

/**
 * The check a message carries. It finds corruption, not forgery: only the holder of the socket can write to it. Most of a
 * message is zeros, and this code mostly runs before it was compiled, so zeros are passed over and there is no multiplication.
 * @param report is known to be zeros
 */
function checksum(bytes: Uint8Array, report: { from: number; to: number }): number {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const [from, to] = [report.from / 4, report.to / 4];
  let sum = 0;
  for (let index = 2; index < words.length; index++) {
    if (index === from) index = to;
    const word = words[index];
    if (word) sum = ((((sum << 7) | (sum >>> 25)) ^ word) + index) | 0;
  }
  return sum >>> 0;
}
