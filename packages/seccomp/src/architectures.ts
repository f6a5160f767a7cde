import type { SeccompArchitecture } from '@coracle/oci-spec';
import { type Arch, syscallNumbers } from '@coracle/syscalls';
import { armNumbers } from './numbers/arm.ts';
import { X32_LACKS, X32_OWN } from './numbers/x32.ts';
import { x86Numbers } from './numbers/x86.ts';

/** Architectures that a process can make system calls of on the machines Coracle runs on. */
export type FilteredArchitecture =
  | 'SCMP_ARCH_X86_64'
  | 'SCMP_ARCH_X86'
  | 'SCMP_ARCH_X32'
  | 'SCMP_ARCH_AARCH64'
  | 'SCMP_ARCH_ARM';

/** What `struct seccomp_data` calls an architecture: AUDIT_ARCH_* of linux/audit.h. x32 goes by the name of x86-64. */
export const AUDIT_ARCH: Readonly<Record<FilteredArchitecture, number>> = {
  SCMP_ARCH_X86_64: 0xc000003e,
  SCMP_ARCH_X86: 0x40000003,
  SCMP_ARCH_X32: 0xc000003e,
  SCMP_ARCH_AARCH64: 0xc00000b7,
  SCMP_ARCH_ARM: 0x40000028,
};

/** Set in the numbers of x32's calls: __X32_SYSCALL_BIT of asm/unistd.h. */
export const X32_BIT = 0x40000000;

/** Calls from here on are an architecture's private ones, far from all others: __ARM_NR_BASE of asm/unistd.h. */
export const PRIVATE_CALLS = 0xf0000;

/** The architectures of a machine: its own, and those that its kernel may run programs of. */
const FAMILY: Readonly<Record<Arch, readonly FilteredArchitecture[]>> = {
  x64: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
  arm64: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
};

/**
 * The architectures out of a profile that matter on a machine. Its own is always among them, as with libseccomp; those of
 * other machines are left out, for none of their calls can ever come.
 * @example
 * architecturesOn('x64', ['SCMP_ARCH_X86', 'SCMP_ARCH_ARM']); // ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86']
 */
export function architecturesOn(arch: Arch, named: readonly SeccompArchitecture[] = []): FilteredArchitecture[] {
  return FAMILY[arch].filter((one, index) => index === 0 || named.includes(one));
}

/** Arguments of 32-bit programs are one word; x32's are registers of 64 bits. */
export function hasWideArguments(architecture: FilteredArchitecture): boolean {
  return architecture !== 'SCMP_ARCH_X86' && architecture !== 'SCMP_ARCH_ARM';
}

const made = new Map<FilteredArchitecture, ReadonlyMap<string, number>>();

/**
 * The numbers of all system calls of an architecture, by name, as a filter sees them.
 * @example
 * numbersOf('SCMP_ARCH_X86').get('openat'); // 295
 */
export function numbersOf(architecture: FilteredArchitecture): ReadonlyMap<string, number> {
  const numbers = made.get(architecture) ?? makeNumbers(architecture);
  made.set(architecture, numbers);
  return numbers;
}

function makeNumbers(architecture: FilteredArchitecture): ReadonlyMap<string, number> {
  switch (architecture) {
    case 'SCMP_ARCH_X86_64':
      return syscallNumbers('x64');
    case 'SCMP_ARCH_AARCH64':
      return syscallNumbers('arm64');
    case 'SCMP_ARCH_X86':
      return new Map(Object.entries(x86Numbers()));
    case 'SCMP_ARCH_ARM':
      return new Map(Object.entries(armNumbers()));
    case 'SCMP_ARCH_X32':
      return x32Numbers();
  }
}

function x32Numbers(): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  for (const [name, number] of numbersOf('SCMP_ARCH_X86_64')) numbers.set(name, number + X32_BIT);
  for (const [name, number] of Object.entries(X32_OWN)) numbers.set(name, number + X32_BIT);
  for (const name of X32_LACKS) numbers.delete(name);
  return numbers;
}
