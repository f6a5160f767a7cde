import type { Said } from '@coracle/test-support';
import { expect } from '@jest/globals';

/** What the container around Coracle's and the one in it are started with. */
export interface Chosen {
  outer: readonly string[];
  inner: readonly string[];
}

/** The command line of a container that says hello. */
export const hello = (...options: string[]): string[] => ['run', '--quiet', ...options, 'echo', 'from the inner one'];
/** What comes of it. */
export const DONE: Said = { status: 0, said: 'from the inner one\n' };

/** Which of two ways out a hint is followed on. */
export const INSIDE: RegExp = /--userns/;
export const AROUND: RegExp = /start the/;

/**
 * Does literally what the hints say, one after the other, until there is a container; what comes behind "or" only where it is
 * `preferred`.
 * @param nested runs Coracle with these options, in a container with those
 * @param options `engine`: whose form of the advice is followed where they differ
 * @returns the advice followed
 */
export function follow(
  nested: (chosen: Chosen) => Said,
  { outer, preferred, engine }: { outer: readonly string[]; preferred: RegExp; engine: 'podman' | 'docker' },
): string[] {
  const chosen = { outer: [...outer], inner: [] as string[] };
  const followed: string[] = [];
  for (let tries = 0; tries < 6; tries++) {
    const result = nested({ outer: chosen.outer, inner: hello(...chosen.inner) });
    if (result.status === 0) {
      expect(result).toEqual(DONE);
      return followed;
    }
    const hint = /hint: (.*)/.exec(result.said)?.[1];
    if (hint === undefined) throw new Error(`no hint: ${result.said}`);
    const ways = hint.split(/, or /);
    const way = ways.find((text) => preferred.test(text)) ?? ways[0] ?? '';
    const advice = adviceIn(way, engine);
    followed.push(advice);
    (advice.startsWith('--userns') ? chosen.inner : chosen.outer).push(...advice.split(' '));
  }
  throw new Error(`no container after ${followed.join(' ')}`);
}

function adviceIn(way: string, engine: 'podman' | 'docker'): string {
  const podmans = /\(podman: ([^)]*)\)/.exec(way)?.[1];
  if (engine === 'podman' && podmans !== undefined) return podmans;
  return /--(cap-add|security-opt|userns)[^(]*/.exec(way)?.[0].trim() ?? '';
}
