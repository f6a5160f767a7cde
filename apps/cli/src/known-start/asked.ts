import { isObserved } from '../is-observed.ts';
import type { Asked } from './known-start.ts';

/**
 * The start that the words of a process ask for.
 * @returns `undefined` when they ask for something else, or for what is more than a start: streams of a terminal are relayed; and for who
 *   looks into this process and is to see it plan
 */
export function askedOf(
  process: Pick<NodeJS.Process, 'argv' | 'execArgv' | 'env' | 'cwd' | 'geteuid' | 'getegid'>,
  { build, isTerminal, nullStdio }: { build: string; isTerminal: (fd: number) => boolean; nullStdio: () => number[] },
): Asked | undefined {
  const [, , verb, ...words] = process.argv;
  if (verb !== 'run' || isObserved(process) || [0, 1, 2].some(isTerminal)) return undefined;
  try {
    const [uid, gid] = [process.geteuid?.() ?? 0, process.getegid?.() ?? 0];
    return { build, words, cwd: process.cwd(), uid, gid, nulls: nullStdio() };
  } catch {
    return undefined; // the working directory is gone
  }
}
