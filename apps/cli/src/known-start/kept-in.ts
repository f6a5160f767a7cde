import { stateRootOf } from '../state-root.ts';

/**
 * The directory that a user's starts are kept in: that of his containers, unless it lies among temporary files, which containers are given
 * as a volume now and then. What they wrote there would be done as him. Then it is his cache, which is as private as his home directory.
 * @returns `undefined` where he has neither
 * @see https://specifications.freedesktop.org/basedir/latest/
 */
export function keptIn(stateRoot: string, env: Readonly<Record<string, string | undefined>>): string | undefined {
  if (stateRoot.startsWith('/run/') || stateRoot === stateRootOf(env)) return stateRoot;
  const cache = env['XDG_CACHE_HOME'] || (env['HOME'] && `${env['HOME']}/.cache`);
  return cache?.startsWith('/') ? `${cache}/coracle` : undefined;
}
