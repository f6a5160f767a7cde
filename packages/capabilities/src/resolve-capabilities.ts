import { SystemError } from '@coracle/errors';
import { DEFAULT_CAPABILITIES } from './default-capabilities.ts';
import { allCapabilities, type CapabilityMask, fromMask, toMask } from './mask.ts';
import type { CapabilityName } from './names.ts';
import { parseCapability, shortName } from './parse-capability.ts';
import { type Capabilities, formatCapabilities } from './sets.ts';

/** What a user asked for. Words are as {@link parseCapability} takes them. */
export interface CapabilityRequest {
  /** Words of `--cap-add`; none if absent. */
  add?: readonly string[];
  /** Words of `--cap-drop`; none if absent. */
  drop?: readonly string[];
  /** What is changed by them; Docker's 14, {@link DEFAULT_CAPABILITIES}, if absent. */
  base?: readonly CapabilityName[];
  /** Which of the result programs keep that are not root's; none if absent, as with Docker. `ALL` is all of the result. */
  ambient?: readonly string[];
  /** What can be given, see {@link availableCapabilities}. */
  available: CapabilityMask;
}

/**
 * The five sets of a container by the rules of `docker run --cap-add --cap-drop`: `drop: ['ALL']` starts from nothing, to which
 * `add` adds; `add: ['ALL']` starts from everything, of which `drop` takes away.
 *
 * What cannot be given is left out silently where it comes from `base` or from `ALL`, and an error where it was asked for by name.
 * So is a capability that is both added and dropped, as with podman: Docker would give it, and a slip would go unnoticed in the
 * direction that is unsafe.
 * @throws SystemError EINVAL for an unknown word, for contradicting ones, and for an ambient one that is not given; EPERM for one
 *   that is not available
 * @see capabilities(7)
 * @example
 * const { available } = availableCapabilities();
 * resolveCapabilities({ drop: ['ALL'], add: ['KILL'], available }).effective; // ['CAP_KILL']
 */
export function resolveCapabilities({
  add = [],
  drop = [],
  base = DEFAULT_CAPABILITIES,
  ambient = [],
  available,
}: CapabilityRequest): Capabilities {
  const [added, dropped, kept] = [readWords(add), readWords(drop), readWords(ambient)];
  refuseContradiction(added, dropped);
  refuseUnavailable(added.mask & ~available);
  const given = available & wanted(added, dropped, toMask(base));
  refuseAmbient(kept.mask & ~given);
  const inherited = kept.all ? given : kept.mask;
  return formatCapabilities({
    bounding: given,
    permitted: given,
    effective: given,
    inheritable: inherited,
    ambient: inherited,
  });
}

/** A list of words: the capabilities named, and whether `ALL` was among them. */
interface Words {
  all: boolean;
  mask: CapabilityMask;
}

function readWords(words: readonly string[]): Words {
  const names = words.map(parseCapability);
  return { all: names.includes('ALL'), mask: toMask(names.filter((name) => name !== 'ALL')) };
}

function wanted(added: Words, dropped: Words, base: CapabilityMask): CapabilityMask {
  if (added.all) return allCapabilities() & ~dropped.mask;
  return (dropped.all ? 0n : base & ~dropped.mask) | added.mask;
}

function refuseContradiction(added: Words, dropped: Words): void {
  const both = added.all && dropped.all ? 'ALL' : list(added.mask & dropped.mask);
  if (both) throw refuse('EINVAL', `${both} cannot be both added and dropped`, `add or drop ${both}, not both`);
}

function refuseUnavailable(missing: CapabilityMask): void {
  if (missing === 0n) return;
  const names = list(missing);
  throw refuse(
    'EPERM',
    `${names} cannot be given to the container by a caller without it`,
    `CapPrm and CapBnd in /proc/self/status show what the caller has; if it is in a container or a service itself, add ${names} there`,
  );
}

function refuseAmbient(missing: CapabilityMask): void {
  if (missing === 0n) return;
  const names = list(missing);
  throw refuse('EINVAL', `${names} cannot be ambient without being given to the container`, `add ${names}`);
}

function list(mask: CapabilityMask): string {
  return fromMask(mask).map(shortName).join(', ');
}

function refuse(code: 'EINVAL' | 'EPERM', text: string, hint: string): SystemError {
  return new SystemError({ code, syscall: 'capset', text, hint });
}
