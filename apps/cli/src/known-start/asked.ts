import { isObserved } from '../is-observed.ts';
import type { Asked } from './known-start.ts';

/** Whose starts are known: those of others take more than messages. */
export const ROOT = 0;

/**
 * The start that the words of a process ask for.
 * @returns `undefined` when they ask for something else, or for what is more than a start: streams of a terminal are relayed; and for who
 *   looks into this process and is to see it plan
 */
export function askedOf(
  process: Pick<NodeJS.Process, 'argv' | 'execArgv' | 'env' | 'cwd' | 'geteuid' | 'getegid'>,
  { build, isTerminal }: { build: string; isTerminal: (fd: number) => boolean },
): Asked | undefined {
  const [, , verb, ...words] = process.argv;
  if (verb !== 'run' || process.geteuid?.() !== ROOT || isObserved(process) || [0, 1, 2].some(isTerminal))
    return undefined;
  try {
    return { build, words, cwd: process.cwd(), gid: process.getegid?.() ?? 0 };
  } catch {
    return undefined; // the working directory is gone
  }
}
