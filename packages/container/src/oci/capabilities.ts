import { type CapabilitySets, formatCapabilities, fromMask, parseCapabilities } from '@coracle/capabilities';
import type { Capabilities } from '@coracle/oci-spec';
import { type ConfigWarning, cannot } from './config-error.ts';

const PATH = '$.process.capabilities';

/**
 * The capability sets of a configuration as they can be: without names that are no capability, without those that the caller has not
 * got to give, and without ambient ones that the kernel would not raise. All of this is told, as the specification has it.
 * @param available those that can be given: a mask
 * @throws {ConfigError} for sets that contradict each other, which the kernel would refuse
 * @see capabilities(7)
 */
export function possibleCapabilities(
  wanted: Capabilities,
  { available, onWarning }: { available: bigint; onWarning: (warning: ConfigWarning) => void },
): Capabilities {
  const { sets, unknown } = parseCapabilities(wanted);
  if (unknown.length > 0)
    onWarning({
      path: PATH,
      text: `has ${told(unknown, 'is no capability and is left out', 'are not capabilities and are left out')}`,
    });
  const ambient = sets.ambient & sets.permitted & sets.inheritable;
  if (ambient !== sets.ambient)
    onWarning({
      path: `${PATH}.ambient`,
      text: `has ${told(fromMask(sets.ambient & ~ambient), 'is left out', 'are left out')}, being not both permitted and inheritable`,
    });
  const beyond = (sets.permitted | sets.effective | sets.inheritable | ambient) & ~available;
  if (beyond !== 0n)
    onWarning({
      path: PATH,
      text: `has ${told(fromMask(beyond), 'is left out, as the caller does not have it', 'are left out, as the caller does not have them')}`,
    });
  const possible: CapabilitySets = {
    bounding: sets.bounding,
    permitted: sets.permitted & available,
    effective: sets.effective & available,
    inheritable: sets.inheritable & available,
    ambient: ambient & available,
  };
  refuse(wanted, 'effective', possible.effective & ~possible.permitted, 'not permitted');
  refuse(wanted, 'inheritable', possible.inheritable & ~possible.bounding, 'not in the bounding set');
  return formatCapabilities(possible);
}

function refuse(wanted: Capabilities, set: keyof CapabilitySets, beyond: bigint, reason: string): void {
  if (beyond === 0n) return;
  throw cannot(
    { path: `${PATH}.${set}`, value: wanted[set] },
    `without ${told(fromMask(beyond), `is ${reason}`, `are ${reason}`)}`,
  );
}

/** Names, and what is so of one or of many of them. */
function told(names: readonly string[], ofOne: string, ofMany: string): string {
  return `${names.join(', ')}, which ${names.length === 1 ? ofOne : ofMany}`;
}
