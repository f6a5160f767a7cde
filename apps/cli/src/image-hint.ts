import { ProgramError } from '@coracle/container';

/** What was asked of `coracle run`, as far as an image may be meant by it. */
export interface Asked {
  words: readonly string[];
  /** A root was named: then no plain word can mean an image. */
  hasRoot: boolean;
}

/**
 * Whoever comes from Docker names an image first, and there are none yet: where the program was not found, the hint says so.
 * @returns the error, with another hint where an image may have been meant
 */
export function hintAtImages(error: unknown, { words: [first = '', ...rest], hasRoot }: Asked): unknown {
  if (!(error instanceof ProgramError) || !error.isAbsent || isPath(first)) return error;
  const program = rest.length > 1 ? `${rest[0]} ...` : (rest[0] ?? 'COMMAND');
  const way = `there are no images yet, so unpack one into a directory and write coracle run --rootfs DIR ${program}`;
  if (looksLikeImage(first)) return Object.assign(error, { hint: `${first} looks like an image; ${way}` });
  return hasRoot ? error : Object.assign(error, { hint: `${error.hint}; if ${first} is an image: ${way}` });
}

/** A path from the root or from here is always a command. */
function isPath(word: string): boolean {
  return /^(\/|\.\.?\/)/.test(word);
}

/** Of the words that are no path: once there are images, those with such a sign will mean one. */
function looksLikeImage(word: string): boolean {
  return /[/:@]/.test(word);
}
