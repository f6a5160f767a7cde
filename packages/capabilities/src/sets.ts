import { SystemError } from '@coracle/errors';
import { type CapabilityMask, fromMask, toMask } from './mask.ts';
import { type CapabilityName, isCapabilityName } from './names.ts';

/** The five capability sets of a process. */
export interface CapabilitySets {
  /** What the process and all it starts can ever have. */
  bounding: CapabilityMask;
  /** What it can make effective. */
  permitted: CapabilityMask;
  /** What it uses. */
  effective: CapabilityMask;
  /** What programs it starts keep, if their files say so. */
  inheritable: CapabilityMask;
  /** What programs it starts keep without a word in their files. */
  ambient: CapabilityMask;
}

/** The five sets as `process.capabilities` of an OCI runtime configuration has them: lists of names such as `CAP_CHOWN`. */
export type Capabilities = Record<keyof CapabilitySets, CapabilityName[]>;

/**
 * Five sets made with one function.
 * @example
 * mapSets(() => 0n); // nothing in any of them
 */
export function mapSets<Value>(make: (set: keyof CapabilitySets) => Value): Record<keyof CapabilitySets, Value> {
  return {
    bounding: make('bounding'),
    permitted: make('permitted'),
    effective: make('effective'),
    inheritable: make('inheritable'),
    ambient: make('ambient'),
  };
}

/**
 * Reads the five sets of an OCI runtime configuration. A set that is absent is empty.
 * @returns `unknown`: names that are no capability, each once. The specification wants a warning about them, not a failure
 * @example
 * parseCapabilities({ bounding: ['CAP_CHOWN', 'CAP_FLY'] }).unknown; // ['CAP_FLY']
 */
export function parseCapabilities(capabilities: { readonly [Set in keyof CapabilitySets]?: readonly string[] }): {
  sets: CapabilitySets;
  unknown: string[];
} {
  const unknown = new Set<string>();
  const isKnown = (name: string): name is CapabilityName => {
    const known = isCapabilityName(name);
    if (!known) unknown.add(name);
    return known;
  };
  const sets = mapSets((set) => toMask((capabilities[set] ?? []).filter(isKnown)));
  return { sets, unknown: [...unknown] };
}

/**
 * The five sets in the form of an OCI runtime configuration, in lists of the caller's own.
 * @example
 * formatCapabilities(parseCapabilities({ bounding: ['CAP_KILL', 'CAP_CHOWN'] }).sets).bounding; // ['CAP_CHOWN', 'CAP_KILL']
 */
export function formatCapabilities(sets: CapabilitySets): Capabilities {
  return mapSets((set) => fromMask(sets[set]));
}

/**
 * Checks five sets by the kernel's rules, so that the error can say what is wrong where the kernel says EPERM.
 * @throws SystemError EINVAL: an effective capability that is not permitted, an inheritable one that is not in the bounding
 *   set, an ambient one that is not both permitted and inheritable
 * @see capabilities(7), "Programmatically adjusting capability sets"
 * @example
 * checkSets(parseCapabilities({ permitted: ['CAP_KILL'], effective: ['CAP_KILL'] }).sets);
 */
export function checkSets({ bounding, permitted, effective, inheritable, ambient }: CapabilitySets): void {
  refuseBeyond(effective, permitted, 'effective without being permitted');
  refuseBeyond(inheritable, bounding, 'inheritable without being in the bounding set');
  refuseBeyond(ambient, permitted & inheritable, 'ambient without being both permitted and inheritable');
}

function refuseBeyond(mask: CapabilityMask, limit: CapabilityMask, what: string): void {
  const beyond = mask & ~limit;
  if (beyond === 0n) return;
  throw new SystemError({
    code: 'EINVAL',
    syscall: 'capset',
    text: `${fromMask(beyond).join(', ')} cannot be ${what}`,
    hint: 'put the capability into the other set as well, or take it out of this one',
  });
}
