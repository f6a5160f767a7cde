/** What a system call takes: a number, a path (NUL is added), bytes, or one of the shapes below. `null` is the null pointer. */
export type Arg =
  | number
  | bigint
  | string
  | Uint8Array
  | null
  | Flags
  | Struct
  | Result
  | Output
  | Report
  | ReportLength;

/** A number with the spelling of its bits: `MS_NOSUID|MS_NODEV`. */
export interface Flags {
  kind: 'flags';
  value: number | bigint;
  text: string;
}

/** A C structure: its bytes, what stands in it in words, and the places that hold pointers. */
export interface Struct {
  kind: 'struct';
  bytes: Uint8Array;
  text: string;
  /** At each offset (in bytes) the address of the target is put before the call. */
  pointers?: readonly { offset: number; target: Exclude<Arg, number | bigint | Flags | Result | ReportLength> }[];
}

/** What an earlier step of the same program returned, usually a file descriptor. */
export interface Result {
  kind: 'result';
  of: string;
}

/** Memory the kernel fills in; its bytes come back to the caller under this name. */
export interface Output {
  kind: 'output';
  name: string;
  /** In bytes. */
  length: number;
  /** The address is that of this byte of it; of its beginning if absent. */
  at?: number;
}

/** The address of the report: all results so far and all outputs. With {@link ReportLength}, lets a program report midway. */
export interface Report {
  kind: 'report';
}

/** How long the report is, in bytes. */
export interface ReportLength {
  kind: 'report-length';
}

/**
 * The result of the latest earlier step that carries this name.
 * @example
 * fchdir(resultOf('rootfs'), 'stand in the new root');
 */
export function resultOf(name: string): Result {
  return { kind: 'result', of: name };
}

/**
 * Memory of `length` bytes for the kernel to fill; read it from the outcome by name.
 * @example
 * step('getcwd', [output('cwd', 4096), 4096], 'ask where we are');
 */
export function output(name: string, length: number): Output {
  return { kind: 'output', name, length };
}

/** The report of the running program, for a step that sends it before the program ends. */
export const REPORT: Report = { kind: 'report' };
/** The length that goes with {@link REPORT}. */
export const REPORT_LENGTH: ReportLength = { kind: 'report-length' };

/**
 * A number made of named bits, which keeps the names for people to read.
 * @param table names and bits, such as {@link MS}
 * @example
 * flags(MS, 'MS_NOSUID', 'MS_NODEV'); // { kind: 'flags', value: 6, text: 'MS_NOSUID|MS_NODEV' }
 */
export function flags<Table extends Readonly<Record<string, number | bigint>>>(
  table: Table,
  ...names: (keyof Table & string)[]
): Flags {
  let low = 0;
  let high = 0n;
  for (let index = 0; index < names.length; index++) {
    const bits: number | bigint = table[names[index] ?? ''] ?? 0;
    if (typeof bits === 'number') low |= bits;
    else high |= bits;
  }
  low >>>= 0;
  const text = names.length > 1 ? names.join('|') : (names[0] ?? '0');
  return { kind: 'flags', value: high === 0n ? low : high | BigInt(low), text };
}
