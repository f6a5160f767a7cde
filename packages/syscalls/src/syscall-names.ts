import { arm64Numbers } from './numbers-arm64.ts';
import { x64Numbers } from './numbers-x64.ts';

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
export type SyscallName = keyof ReturnType<typeof x64Numbers> | keyof ReturnType<typeof arm64Numbers> | 'reap_children';

/** The number by which the agent knows `reap_children`; no kernel has a call of that number. */
export const REAP_CHILDREN = 0xffff;

const made: Partial<Record<Arch, Readonly<Record<string, number>>>> = {};

/**
 * The number of a system call.
 * @returns `undefined` where the architecture has no call of that name (arm64 has no `open`, only `openat`).
 * @example
 * syscallNumber('openat', 'arm64'); // 56
 */
export function syscallNumber(name: SyscallName, arch: Arch): number | undefined {
  return name === 'reap_children' ? REAP_CHILDREN : syscallNumbers(arch)[name];
}

/**
 * The numbers of all system calls of an architecture, by name.
 * @example
 * syscallNumbers('x64')['openat']; // 257
 */
export function syscallNumbers(arch: Arch): Readonly<Record<string, number>> {
  made[arch] ??= arch === 'x64' ? x64Numbers() : arm64Numbers();
  return made[arch];
}
