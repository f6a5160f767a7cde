import { type CapabilityMask, fromMask } from './mask.ts';
import type { CapabilityName } from './names.ts';
import { type CapabilitySets, mapSets } from './sets.ts';

/**
 * Takes out of all five sets what cannot be given, as the OCI runtime specification wants it: with a warning, not a failure.
 * @param available see {@link availableCapabilities}
 * @returns the sets that can be given, and the capabilities that `missing` from one or more of them, in the kernel's order
 * @example
 * const { sets } = parseCapabilities({ bounding: ['CAP_CHOWN', 'CAP_SYS_TIME'] });
 * limitTo(sets, toMask(['CAP_CHOWN'])).missing; // ['CAP_SYS_TIME']
 */
export function limitTo(
  sets: CapabilitySets,
  available: CapabilityMask,
): { sets: CapabilitySets; missing: CapabilityName[] } {
  const asked = sets.bounding | sets.permitted | sets.effective | sets.inheritable | sets.ambient;
  return { sets: mapSets((set) => sets[set] & available), missing: fromMask(asked & ~available) };
}
