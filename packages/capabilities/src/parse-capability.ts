import { SystemError } from '@coracle/errors';
import { CAPABILITY_NAMES, type CapabilityName, isCapabilityName } from './names.ts';
import { nearNames } from './near-names.ts';

/**
 * Reads a capability as people write it, with or without `CAP_`, in upper or lower case; `ALL` stands for all of them.
 * @throws SystemError EINVAL for an unknown word; the hint has the names that are nearest
 * @see capabilities(7)
 * @example
 * parseCapability('net_admin'); // 'CAP_NET_ADMIN'
 */
export function parseCapability(word: string): CapabilityName | 'ALL' {
  const upper = word.toUpperCase();
  if (upper === 'ALL') return 'ALL';
  const name = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
  if (isCapabilityName(name)) return name;
  throw new SystemError({
    code: 'EINVAL',
    syscall: 'capset',
    text: `there is no capability ${JSON.stringify(word)}`,
    hint: hintFor(name.slice('CAP_'.length)),
  });
}

function hintFor(word: string): string {
  const near = nearNames(word, ['ALL', ...CAPABILITY_NAMES.map(shortName)]);
  if (near.length > 0) return `did you mean ${near.join(' or ')}?`;
  return 'give one name at a time, such as NET_ADMIN, or ALL; capabilities(7) has the list';
}

/** A name as people write it: without `CAP_`. */
export function shortName(name: CapabilityName): string {
  return name.slice('CAP_'.length);
}
