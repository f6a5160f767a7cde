import { errnoNumber } from '@coracle/errors';
import type { Arg } from './arg.ts';
import { align, Layout } from './layout.ts';
import type { Program, Step } from './step.ts';
import { type Arch, syscallNumber } from './syscall-names.ts';
import { putWord } from './word.ts';

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
/** In `tolerate`: every error. */
const ANY = 0xff;
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
  const calls = encodeCalls(steps, { layout, reportLength, arch, cleanup, labels: new Map() });
  const length = align(layout.end);
  if (length > MESSAGE_LIMIT)
    throw new TypeError(
      `the program takes ${length} bytes, more than the ${MESSAGE_LIMIT} of one message: most of it to ${longestPurpose(steps)}`,
    );
  const bytes = new Uint8Array(length);
  bytes.set(calls, HEADER_LENGTH);
  layout.writeTo(bytes);
  new Int32Array(bytes.buffer).set([MAGIC, length, steps.length, cleanup, report, reportLength], 2);
  seal(bytes);
  const outputs = new Map(
    [...layout.outputs].map(([name, place]) => [name, { ...place, offset: place.offset - report }]),
  );
  return { bytes, steps, cleanup, report: { offset: report, length: reportLength }, outputs };
}

/** What the steps are for whose data takes the most room, cut where it takes a lot itself. */
function longestPurpose(steps: readonly Step[]): string {
  const lengths = new Map<string, number>();
  for (const { why, args } of steps)
    lengths.set(
      why,
      args.reduce((sum: number, arg) => sum + dataLength(arg), lengths.get(why) ?? 0),
    );
  const [[why, length] = ['', 0]] = [...lengths].toSorted(([, one], [, other]) => other - one);
  return `${why.length > 60 ? `${why.slice(0, 57)}...` : why} (${length} bytes)`;
}

function dataLength(arg: Arg): number {
  if (typeof arg === 'string') return Buffer.byteLength(arg) + 1;
  if (arg instanceof Uint8Array) return arg.length;
  if (typeof arg !== 'object' || arg === null || arg.kind !== 'struct') return 0;
  return (arg.pointers ?? []).reduce((sum, { target }) => sum + dataLength(target), arg.bytes.length);
}

/**
 * A message out of bytes that {@link encode} made, with data that may have been changed since. Its steps are not known any more: what
 * can be read of its report is the outputs.
 * @param outputs their places in the report, if any is of interest
 * @example
 * const again = messageFromBytes(message.bytes.slice(), message.outputs);
 */
export function messageFromBytes(bytes: Uint8Array, outputs: Message['outputs'] = new Map()): Message {
  seal(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const report = { offset: view.getUint32(24, true), length: view.getUint32(28, true) };
  return { bytes, steps: [], cleanup: 0, report, outputs };
}

/** Writes the check into a message. */
function seal(bytes: Uint8Array): void {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const from = (words[6] ?? 0) / 4;
  words[0] = checksum(words, { from, to: from + (words[7] ?? 0) / 4 });
}

/** What the values of arguments depend on. */
interface Scope {
  layout: Layout;
  reportLength: number;
  arch: Arch;
  cleanup: number;
  /** The steps so far by the names of their results. */
  labels: Map<string, number>;
}

function encodeCalls(steps: readonly Step[], scope: Scope): Uint8Array {
  const bytes = new Uint8Array(steps.length * CALL_LENGTH);
  const words = new Int32Array(bytes.buffer);
  steps.forEach((step, index) => {
    try {
      encodeCall(step, index, words, scope);
    } catch (error) {
      throw error instanceof TypeError ? new TypeError(`${step.syscall} (${step.why}): ${error.message}`) : error;
    }
    if (step.result !== undefined) scope.labels.set(step.result, index);
  });
  return bytes;
}

/**
 * Counts where other code goes through lists: this mostly runs before V8 has compiled it, where each turn of another loop, and each
 * function made for one, is an object more, and a command is faster that ends before V8 collects any.
 */
function encodeCall(step: Step, index: number, words: Int32Array, scope: Scope): void {
  const at = (index * CALL_LENGTH) / 4;
  const first = at + 2; // of the arguments
  const { syscall, args, only, needs } = step;
  const number = syscallNumber(syscall, scope.arch);
  if (number === undefined) throw new TypeError(`no such system call on ${scope.arch}`);
  if (args.length > ARGUMENTS) throw new TypeError(`a system call takes at most ${ARGUMENTS} arguments`);
  let references = 0;
  for (let slot = 0; slot < args.length; slot++) {
    const arg = args[slot] ?? null;
    if (isResult(arg)) references |= 1 << slot;
    putWord(words, first + slot * 2, typeof arg === 'number' ? arg : value(arg, scope));
  }
  if (needs !== undefined) {
    if (args.length === ARGUMENTS) throw new TypeError(`it has no room for '${needs}', which it needs`);
    references |= 1 << SPARE;
    putWord(words, first + SPARE * 2, indexOf(needs, scope));
  }
  words[at] = number | (references << 16) | ((only === undefined ? 0 : ONLY[only]) << 24);
  words[at + 1] = tolerated(step, index >= scope.cleanup);
}

/** The numbers of up to four errors, a byte each. */
function tolerated({ tolerate }: Step, inCleanup: boolean): number {
  if (tolerate === 'any' || inCleanup) return ANY;
  if (!tolerate) return 0;
  if (tolerate.length > 4) throw new TypeError('a step tolerates at most four errors');
  return tolerate.reduce((bytes, name, place) => bytes | (errnoNumber(name) << (place * 8)), 0);
}

function isResult(arg: Arg): boolean {
  return typeof arg === 'object' && arg !== null && 'kind' in arg && arg.kind === 'result';
}

function value(arg: Arg, scope: Scope): number | bigint {
  if (typeof arg === 'number' || typeof arg === 'bigint') return arg;
  if (arg === null || typeof arg === 'string' || arg instanceof Uint8Array) return scope.layout.address(arg);
  switch (arg.kind) {
    case 'flags':
      return arg.value;
    case 'report-length':
      return scope.reportLength;
    case 'result':
      return indexOf(arg.of, scope);
    default:
      return scope.layout.address(arg);
  }
}

function indexOf(result: string, { labels }: Scope): number {
  const index = labels.get(result);
  if (index === undefined) throw new TypeError(`no earlier step gives '${result}'`);
  return index;
}

/**
 * The check a message carries. It finds corruption, not forgery: only the holder of the socket can write to it. Most of a
 * message is zeros, and this code mostly runs before it was compiled, so zeros are passed over and there is no multiplication.
 * @param report the words of it, which are known to be zeros
 */
function checksum(words: Int32Array, report: { from: number; to: number }): number {
  let sum = 0;
  for (let index = 2; index < words.length; index++) {
    if (index === report.from) index = report.to;
    const word = words[index];
    if (word) sum = ((((sum << 7) | (sum >>> 25)) ^ word) + index) | 0;
  }
  return sum;
}
