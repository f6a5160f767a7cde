import type { Arg, Output, Struct } from './arg.ts';
import type { Step } from './step.ts';
import { putWord } from './word.ts';

/** The end of a text and what fills it up to a multiple of 8. */
const NULS = '\0'.repeat(8);

/** What is put into memory for a program: everything its arguments point at. */
type Memory = string | Uint8Array | Struct | Output;

/**
 * Lays the data of a program out in one stretch of memory that starts at a known address: strings get their NUL,
 * structures their pointers. Everything starts on a multiple of 8.
 *
 * Outputs come first, right behind the results, so that the report (results and outputs) is one piece.
 */
export class Layout {
  readonly outputs: ReadonlyMap<string, { offset: number; length: number }>;
  /** Where the outputs end, in bytes from the start of the memory. */
  readonly outputsEnd: number;
  /** Where all data ends. */
  end: number;
  readonly #base: number;
  readonly #places = new Map<Memory, number>();
  readonly #strings = new Map<string, number>();
  readonly #pieces: { offset: number; content: string | Uint8Array }[] = [];
  readonly #pointers: { offset: number; target: number }[] = [];
  readonly #report: number;

  /**
   * @param memory `base` is the address of the memory, `report` the offset of the report in it, `start` where outputs may begin
   */
  constructor({ base, report, start }: { base: number; report: number; start: number }, steps: readonly Step[]) {
    this.#base = base;
    this.#report = report;
    const outputs = new Map<string, { offset: number; length: number }>();
    let end = start;
    for (const output of outputsOf(steps)) {
      const known = outputs.get(output.name);
      if (known && known.length !== output.length)
        throw new TypeError(
          `the output '${output.name}' is ${known.length} bytes in one place and ${output.length} in another`,
        );
      if (known) continue;
      outputs.set(output.name, { offset: end, length: output.length });
      end = align(end + output.length);
    }
    this.outputs = outputs;
    this.outputsEnd = end;
    this.end = end;
  }

  /**
   * The address of what an argument points at; it is put into memory at the first call.
   * @throws {TypeError} for a text with a NUL
   */
  address(target: Memory | null | { kind: 'report' }): number {
    if (target === null) return 0;
    if (typeof target === 'object' && 'kind' in target && target.kind === 'report') return this.#base + this.#report;
    return this.#base + this.#place(target);
  }

  #place(target: Memory): number {
    if (typeof target === 'string') return this.#placeString(target);
    if (!(target instanceof Uint8Array) && target.kind === 'output')
      return (this.outputs.get(target.name)?.offset ?? 0) + (target.at ?? 0);
    const known = this.#places.get(target);
    if (known !== undefined) return known;
    const bytes = target instanceof Uint8Array ? target : target.bytes;
    const offset = this.#put(bytes, bytes.length);
    this.#places.set(target, offset);
    if (target instanceof Uint8Array) return offset;
    for (const pointer of target.pointers ?? []) {
      this.#pointers.push({ offset: offset + pointer.offset, target: this.address(pointer.target) });
    }
    return offset;
  }

  #placeString(text: string): number {
    const known = this.#strings.get(text);
    if (known !== undefined) return known;
    // The kernel would take a part of it only.
    if (text.includes('\0')) throw new TypeError(`${JSON.stringify(text)} holds a NUL`);
    const length = Buffer.byteLength(text) + 1;
    const padded = text + NULS.slice(0, align(length) - length + 1);
    const offset = this.#put(padded, length);
    this.#strings.set(text, offset);
    return offset;
  }

  #put(content: string | Uint8Array, length: number): number {
    const offset = this.end;
    const last = this.#pieces.at(-1);
    // Texts that follow each other are one piece: to write it costs the same however long it is.
    if (typeof content === 'string' && typeof last?.content === 'string') last.content += content;
    else this.#pieces.push({ offset, content });
    this.end = align(offset + length);
    return offset;
  }

  /** Writes all data into the memory, which is all zeros. */
  writeTo(memory: Uint8Array): void {
    const buffer = Buffer.from(memory.buffer, memory.byteOffset, memory.byteLength);
    for (const { offset, content } of this.#pieces) {
      if (typeof content === 'string') buffer.write(content, offset);
      else buffer.set(content, offset);
    }
    const words = new Int32Array(memory.buffer, memory.byteOffset, memory.byteLength / 4);
    for (const { offset, target } of this.#pointers) putWord(words, offset / 4, target);
  }
}

/** The next multiple of 8. */
export function align(offset: number): number {
  return (offset + 7) & ~7;
}

/** All outputs among the arguments of steps and in the structures they point at. */
function outputsOf(steps: readonly Step[]): Output[] {
  const found: Output[] = [];
  const look = (arg: Arg): void => {
    if (typeof arg !== 'object' || arg === null || arg instanceof Uint8Array) return;
    if (arg.kind === 'output') found.push(arg);
    else if (arg.kind === 'struct' && arg.pointers) for (const { target } of arg.pointers) look(target);
  };
  steps.forEach(({ args }) => {
    args.forEach(look);
  });
  return found;
}
