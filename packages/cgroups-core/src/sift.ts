import { SystemError } from '@coracle/errors';
import type { CheckedResources } from './resources.ts';

/** What to do with a resource that cannot be had: refuse everything, or leave it out and say so. */
export type Mode = 'strict' | 'best-effort';

/** A resource that was asked for and is not in force. */
export interface LeftOut {
  /** Its field, `'memory.high'`, or the kernel's file. */
  resource: string;
  /** Why not, a sentence without its full stop. */
  reason: string;
  /** What to ask for instead, or what would help. */
  alternative: string;
}

/**
 * What a version cannot do, by field: `'memory.high'`, `'io.devices.latencyUsec'`; `unless` is the value that holds anyway, `reason`
 * a better one than that the version has no such thing.
 */
export type Inabilities = Readonly<
  Record<string, { alternative: string; unless?: boolean | 'max'; reason?: string | undefined }>
>;

/**
 * Divides resources into those a version can do and those it cannot.
 * @param version as it is called in errors
 * @example
 * sift({ memory: { high: 1n, max: 2n } }, { 'memory.high': { alternative: 'memory.max' } }, 1).kept; // { memory: { max: 2n } }
 */
export function sift(
  resources: CheckedResources,
  inabilities: Inabilities,
  version: 1 | 2,
): { kept: CheckedResources; leftOut: LeftOut[] } {
  const leftOut: LeftOut[] = [];
  const keep = (value: object, above: string): (readonly unknown[])[] =>
    Object.entries(value).flatMap(([key, one]: [string, unknown]) => {
      const path = above === '' ? key : `${above}.${key}`;
      const inability = inabilities[path.replace(/^(io\.devices)\.[^.]+/, '$1')];
      if (inability !== undefined && one !== inability.unless) {
        leftOut.push({
          resource: path,
          reason: inability.reason ?? `version ${version} of cgroups has no ${path}`,
          alternative: inability.alternative,
        });
        return [];
      }
      return [[key, typeof one === 'object' && one !== null ? Object.fromEntries(keep(one, path)) : one]];
    });
  return { kept: Object.fromEntries(keep(resources, '')), leftOut };
}

/**
 * Refuses resources that cannot be had, unless the mode allows to leave them out.
 * @throws SystemError EOPNOTSUPP naming the first, why, and the alternative
 * @example
 * enforce([], 'strict');
 */
export function enforce(leftOut: readonly LeftOut[], mode: Mode = 'strict'): void {
  const [first, ...others] = leftOut;
  if (first === undefined || mode === 'best-effort') return;
  throw new SystemError({
    code: 'EOPNOTSUPP',
    syscall: 'limit',
    path: first.resource,
    detail: others.length === 0 ? undefined : `and ${others.map(({ resource }) => resource).join(', ')}`,
    text: first.reason,
    hint: `${first.alternative}; a program can have left out what cannot be had: mode: 'best-effort'`,
  });
}
