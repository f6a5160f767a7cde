/** Turns the bundle in a directory into the program that is shipped. */
export function pack(
  directory: string,
  command: { name: string; warmUp: readonly string[] | ((directory: string) => readonly string[]) },
): void;
