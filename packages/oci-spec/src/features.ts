import { OCI_VERSION } from './default-config.ts';
import type { Features } from './types/features.ts';

/** The oldest version whose configurations mean the same to a runtime that follows 1.3. */
const OLDEST_VERSION = '1.0.0';

/**
 * What the command `features` of a runtime prints: what it can do, with the versions of the specification that these types
 * follow. What is left out is unknown, which is something else than `[]` and `false`.
 * @returns a new value, in which nothing of `abilities` is shared
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/features.md
 * @example
 * const document = features({ hooks: [...HOOK_NAMES], mountOptions: mountOptions(), linux: { cgroup: { v1: true, v2: true } } });
 */
export function features(abilities: Omit<Features, 'ociVersionMin' | 'ociVersionMax'>): Features {
  return { ociVersionMin: OLDEST_VERSION, ociVersionMax: OCI_VERSION, ...structuredClone(abilities) };
}
