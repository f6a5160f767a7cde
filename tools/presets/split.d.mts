/** Splits a flat bundle into what its start needs and the rest. */
export function split(text: string, didRun: (start: number, name: string) => boolean): string;

/** Cuts the rest out of a program that was split. */
export function cut(text: string): { start: string; rest: string };
