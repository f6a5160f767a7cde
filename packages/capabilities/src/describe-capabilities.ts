import { DEFAULT_MASK } from './default-capabilities.ts';
import { allCapabilities, type CapabilityMask, numbersOf } from './mask.ts';
import { CAPABILITY_NAMES } from './names.ts';
import { shortName } from './parse-capability.ts';
import type { CapabilitySets } from './sets.ts';

/** What a set can be compared with; of two that are equally near the first is taken. */
const BASES: readonly { mask: CapabilityMask; words: string }[] = [
  { mask: DEFAULT_MASK, words: "Docker's 14 capabilities" },
  { mask: allCapabilities(), words: `all ${CAPABILITY_NAMES.length} capabilities` },
];

/**
 * Says in words what a container may do: the permitted set by how it differs from Docker's, from all or from nothing, and then
 * only those of the other sets that are not the usual.
 * @returns a phrase without a full stop
 * @example
 * const { available } = availableCapabilities({ entersUserNamespace: true });
 * const { sets } = parseCapabilities(resolveCapabilities({ drop: ['NET_RAW'], available }));
 * describeCapabilities(sets); // "Docker's 14 capabilities without NET_RAW"
 */
export function describeCapabilities({ bounding, permitted, effective, inheritable, ambient }: CapabilitySets): string {
  const parts = [describeMask(permitted)];
  if (effective !== permitted) parts.push(`effective: ${describeMask(effective)}`);
  if (bounding !== permitted) parts.push(`bounding: ${describeMask(bounding)}`);
  if (ambient !== 0n) parts.push(`ambient: ${describeMask(ambient)}`);
  if (inheritable !== ambient) parts.push(`inheritable: ${describeMask(inheritable)}`);
  return parts.join('; ');
}

/**
 * Says in words what is in one set.
 * @example
 * describeMask(toMask(['CAP_KILL'])); // 'only KILL'
 */
export function describeMask(mask: CapabilityMask): string {
  if (mask === 0n) return 'no capabilities';
  let best = { words: `only ${list(mask)}`, count: numbersOf(mask).length };
  for (const base of BASES.toReversed()) {
    const added = mask & ~base.mask;
    const lacking = base.mask & ~mask;
    const count = numbersOf(added | lacking).length;
    if (count > best.count) continue;
    const words = [
      base.words,
      ...(added ? [`and ${list(added)}`] : []),
      ...(lacking ? [`without ${list(lacking)}`] : []),
    ];
    best = { words: words.join(' '), count };
  }
  return best.words;
}

function list(mask: CapabilityMask): string {
  return numbersOf(mask)
    .map((number) => {
      const name = CAPABILITY_NAMES[number];
      return name === undefined ? String(number) : shortName(name);
    })
    .join(', ');
}
