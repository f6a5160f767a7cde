/**
 * Looks at a machine and says what containers need and do not find there, with the command that helps.
 * @module
 */
import { checkPlatform, UnsupportedPlatformError } from '@coracle/syscalls';
import type { Check } from './check.ts';
import { type GatherOptions, gatherFacts } from './gather-facts.ts';
import { judgeHost } from './judge-host.ts';

export { defaultApparmorProfile } from '../labels/default-profile.ts';
export type { Check } from './check.ts';
export { type GatherOptions, gatherFacts } from './gather-facts.ts';
export type { Attempt, Distribution, HelperFacts, HostFacts } from './host-facts.ts';
export { judgeHost } from './judge-host.ts';

/**
 * Checks this machine for the user who runs this: by reading settings, and by trying in namespaces that are gone afterwards.
 *
 * Needs no privileges and changes nothing. Takes some tens of milliseconds.
 * @returns the checks in the order in which they depend on each other
 * @example
 * for (const { topic, status, found, fix } of await checkHost()) console.log(topic, status, found, fix ?? '');
 */
export async function checkHost(options: GatherOptions = {}): Promise<Check[]> {
  try {
    checkPlatform();
  } catch (error) {
    if (!(error instanceof UnsupportedPlatformError)) throw error;
    return [{ topic: 'platform', status: 'missing', found: error.message, needed: 'Linux with glibc on x64 or arm64' }];
  }
  return judgeHost(await gatherFacts(options));
}
