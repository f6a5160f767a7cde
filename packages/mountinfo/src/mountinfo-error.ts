/** What {@link MountinfoError} knows of the line. */
export interface MountinfoErrorDetails {
  /** Number of the line, from 1. */
  line: number;
  /** The line as it was read. */
  text: string;
  /** What is wrong with it: `expected a number, found 'x'`. */
  problem: string;
}

/**
 * A line that is not one of mountinfo: the text is of another file, or was cut off.
 * @example
 * try { parseMountinfo('36 35 98:0'); } catch (error) { console.error(error.message); }
 * // mountinfo line 1: expected at least 10 fields, found 3: '36 35 98:0'
 */
export class MountinfoError extends Error {
  override readonly name: string = 'MountinfoError';
  /** Always this; tells the error from others without `instanceof`. */
  readonly code = 'ERR_CORACLE_MOUNTINFO';
  /** Number of the line, from 1. */
  readonly line: number;
  /** The line as it was read. */
  readonly text: string;

  constructor({ line, text, problem }: MountinfoErrorDetails) {
    super(`mountinfo line ${line}: ${problem}: '${text}'`);
    this.line = line;
    this.text = text;
  }
}
