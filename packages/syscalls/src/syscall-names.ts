import { ARM64_CALLS } from './numbers-arm64.ts';
import { X64_CALLS } from './numbers-x64.ts';

/** The architectures the executors run on, as `process.arch` names them. */
export type Arch = 'x64' | 'arm64';

/**
 * The architecture of this machine, without loading anything.
 * @example
 * hostArch(); // 'x64'
 */
export function hostArch(): Arch {
  return process.arch === 'arm64' ? 'arm64' : 'x64';
}

/**
 * The name of a system call, as in syscalls(2); `reap_children` is no call of the kernel but the agent's own:
 * the endless work of an init process.
 */
export type SyscallName = (typeof X64_CALLS | typeof ARM64_CALLS)[number]['names'][number] | 'reap_children';

/** The number by which the agent knows `reap_children`; no kernel has a call of that number. */
export const REAP_CHILDREN = 0xffff;

/** Names of calls in a row, and the number of the first. */
interface Stretch {
  from: number;
  names: readonly string[];
}

const CALLS: Readonly<Record<Arch, readonly Stretch[]>> = { x64: X64_CALLS, arm64: ARM64_CALLS };
/** Those that were asked for, as a start does over and over. */
const known: Readonly<Record<Arch, Map<string, number>>> = { x64: new Map(), arm64: new Map() };

/**
 * The number of a system call.
 * @returns `undefined` where the architecture has no call of that name (arm64 has no `open`, only `openat`).
 * @example
 * syscallNumber('openat', 'arm64'); // 56
 */
export function syscallNumber(name: SyscallName, arch: Arch): number | undefined {
  if (name === 'reap_children') return REAP_CHILDREN;
  const found = known[arch].get(name);
  if (found !== undefined) return found;
  const number = find(name, CALLS[arch]);
  if (number !== undefined) known[arch].set(name, number);
  return number;
}

/** The last stretch is looked at first: most calls of a start are new ones, and it is the shorter one. */
function find(name: string, stretches: readonly Stretch[]): number | undefined {
  for (const { from, names } of stretches.toReversed()) {
    const index = names.indexOf(name);
    if (index !== -1) return from + index;
  }
  return undefined;
}

/**
 * The numbers of all system calls of an architecture, by name: a map, as V8 takes milliseconds for an object of so many names.
 * @example
 * syscallNumbers('x64').get('openat'); // 257
 */
export function syscallNumbers(arch: Arch): ReadonlyMap<string, number> {
  return new Map(
    CALLS[arch].flatMap(({ from, names }) => names.map((name, index): [string, number] => [name, from + index])),
  );
}
