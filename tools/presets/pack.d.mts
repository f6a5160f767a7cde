import type { Preface } from './commands.mjs';

/** Turns the bundle in a directory into the program that is shipped. */
export function pack(
  directory: string,
  how: { name: string; preface?: Preface; trials: (directory: string) => string[][]; callsFor?: string[][] },
): Promise<void>;
