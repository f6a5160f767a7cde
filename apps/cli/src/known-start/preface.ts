/**
 * What the packed program does before it loads most of itself.
 * @module
 */
import { endWhenDone } from '../end-when-done.ts';
import { replay } from './replay.ts';

/**
 * Does what this process is asked for, where that is known already.
 * @param build of the program
 * @returns `undefined` when it is not; otherwise whether it was done
 */
export function preface(build: string): Promise<boolean> | undefined {
  const done = replay(build);
  if (!done) return undefined;
  endWhenDone();
  return done.then((code) => {
    if (code === undefined) return false;
    process.exitCode = code;
    return true;
  });
}
