import { SystemError } from '@coracle/errors';
import type { CapabilityMask } from './mask.ts';
import { type CapabilitySets, mapSets } from './sets.ts';

/** How /proc/PID/status abbreviates the sets. */
const LINES = { bounding: 'Bnd', permitted: 'Prm', effective: 'Eff', inheritable: 'Inh', ambient: 'Amb' } as const;

/**
 * Reads the five sets of a process out of the text of /proc/PID/status.
 * @throws SystemError EINVAL for text without the lines CapInh, CapPrm, CapEff, CapBnd and CapAmb (since Linux 4.3)
 * @see proc_pid_status(5)
 * @example
 * fromMask(readCapabilities(readFileSync('/proc/self/status', 'latin1')).effective);
 */
export function readCapabilities(status: string): CapabilitySets {
  const found = new Map<string, CapabilityMask>();
  // The name of the program, in which line breaks are escaped, cannot pass for one of these lines.
  for (const [, line = '', digits = ''] of status.matchAll(/^Cap(Inh|Prm|Eff|Bnd|Amb):\s*([0-9a-f]+)$/gm))
    found.set(line, BigInt(`0x${digits}`));
  return mapSets((set) => {
    const mask = found.get(LINES[set]);
    if (mask !== undefined) return mask;
    throw new SystemError({ code: 'EINVAL', syscall: 'read', text: `the text has no line Cap${LINES[set]}` });
  });
}
