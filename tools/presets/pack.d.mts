/** Turns the bundle in a directory into the program that is shipped. */
export function pack(
  directory: string,
  how: { name: string; preface?: string; trials: (directory: string) => string[][]; callsFor?: string[][] },
): Promise<void>;
