/** Splits a flat bundle into what its start needs and the rest. */
export function split(text: string, didRun: (start: number, name: string) => boolean): string;

/** Cuts the rest out of a program that was split. */
export function cut(text: string): { start: string; rest: string };

/** Marks the calls of functions at the top, so that the minifier leaves these whole. */
export function keepWhole(text: string, names: ReadonlySet<string>): string;
