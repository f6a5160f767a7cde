import { readFileSync } from 'node:fs';
import { allCapabilities, type CapabilityMask } from './mask.ts';
import { lastCapability } from './names.ts';
import { readCapabilities } from './read-capabilities.ts';

/** Of which process is asked. */
export interface AvailableOptions {
  /** It will make or enter a user namespace first; `false` if absent. */
  entersUserNamespace?: boolean;
  /** The process that will take the steps; `'self'`, the caller, if absent. */
  pid?: number | 'self';
  /** Where a proc is mounted; `/proc` if absent. */
  proc?: string;
}

/** What a process can give to a container. */
export interface AvailableCapabilities {
  /** What it can give: what is permitted to it and in its bounding set. */
  available: CapabilityMask;
  /** Its bounding set: what must be dropped from. It may hold more, which set-user-id programs could get hold of. */
  bounding: CapabilityMask;
}

/**
 * Finds out what a process can give. On entering a user namespace it gets every capability the kernel has, and a full bounding set,
 * however few it had before: they then count only for what belongs to that namespace.
 * @throws ENOENT where no proc is mounted, or there is no such process
 * @see user_namespaces(7)
 * @example
 * const { available } = availableCapabilities();
 * resolveCapabilities({ add: ['NET_ADMIN'], available });
 */
export function availableCapabilities({
  entersUserNamespace = false,
  pid = 'self',
  proc = '/proc',
}: AvailableOptions = {}): AvailableCapabilities {
  if (entersUserNamespace) {
    const all = allCapabilities(lastCapability({ proc }));
    return { available: all, bounding: all };
  }
  const { bounding, permitted } = readCapabilities(readFileSync(`${proc}/${pid}/status`, 'latin1'));
  return { available: bounding & permitted, bounding };
}
