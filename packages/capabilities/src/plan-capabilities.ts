import type { Step } from '@coracle/syscalls';
import type { CapabilityMask } from './mask.ts';
import type { CapabilitySets } from './sets.ts';
import { dropBounding, keepCapabilities, setCapabilities } from './steps.ts';

/** The steps around those that change user and group. */
export interface CapabilityPlan {
  /** Taken as root, before setgroups, setresgid and setresuid. */
  before: Step[];
  /** Taken as the user; after them steps that need other capabilities fail. */
  after: Step[];
}

/**
 * All steps that give a process its capabilities, in the one order that works: bounding set, keepcaps, (the user), capset,
 * ambient set.
 *
 * The program that is executed afterwards has what execve(2) makes of the sets. As root that is the bounding set (with no_new_privs
 * what is permitted as well); as any other user the ambient set, and without one nothing, as with Docker.
 * @param options `uid`: the user the process becomes, as its user namespace numbers it; `from`: the bounding set it has, see
 *   {@link availableCapabilities}
 * @throws SystemError EINVAL for sets that {@link checkSets} refuses
 * @see capabilities(7), "Transformation of capabilities during execve()"
 * @example
 * const { available, bounding } = availableCapabilities();
 * const { sets } = parseCapabilities(resolveCapabilities({ drop: ['NET_RAW'], available }));
 * const { before, after } = planCapabilities(sets, { uid: 1000, from: bounding });
 * [...before, setresgid(1000, 'become the group'), setresuid(1000, 'become the user'), ...after];
 */
export function planCapabilities(
  sets: CapabilitySets,
  { uid, from }: { uid: number; from: CapabilityMask },
): CapabilityPlan {
  // Root keeps them anyway; and where nothing is to be kept, setresuid takes everything away, which is right.
  const mustKeep = uid !== 0 && (sets.permitted | sets.inheritable) !== 0n;
  return {
    before: [...dropBounding(sets.bounding, { from }), ...(mustKeep ? [keepCapabilities()] : [])],
    after: setCapabilities(sets),
  };
}
