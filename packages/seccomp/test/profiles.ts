import {
  SECCOMP_OPERATORS,
  type Seccomp,
  type SeccompAction,
  type SeccompArchitecture,
  type SeccompRule,
} from '@coracle/oci-spec';
import type { FilteredArchitecture } from '@coracle/seccomp';
import fc from 'fast-check';

/** Calls that all architectures have and that are made in one way only, some next to each other, and one that none has. */
// biome-ignore format: a list, many to a line
export const CALLS: readonly string[] = [
  'read', 'write', 'close', 'openat', 'dup', 'dup3', 'personality', 'clone', 'prctl', 'getpid', 'mount', 'umount2',
  'timer_create', 'clone3', 'close_range', 'openat2', 'no_such_call',
];

const ACTIONS: SeccompAction[] = [
  ...(['SCMP_ACT_ALLOW', 'SCMP_ACT_ERRNO', 'SCMP_ACT_KILL', 'SCMP_ACT_KILL_PROCESS', 'SCMP_ACT_TRAP'] as const),
  ...(['SCMP_ACT_TRACE', 'SCMP_ACT_LOG'] as const),
];

/** Values around which comparisons of one and of two words differ. */
const VALUES = [0, 1, 2, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, 0x100000000, 0x100000001, 2 ** 53 - 1];

const value = fc.oneof(fc.constantFrom(...VALUES), fc.maxSafeNat());

const argument = fc.record({
  index: fc.nat({ max: 5 }),
  op: fc.constantFrom(...SECCOMP_OPERATORS),
  value,
  valueTwo: value,
});

const rule: fc.Arbitrary<SeccompRule> = fc.record(
  {
    names: fc.uniqueArray(fc.constantFrom(...CALLS), { minLength: 1, maxLength: 5 }),
    action: fc.constantFrom(...ACTIONS),
    errnoRet: fc.constantFrom(1, 2, 38),
    args: fc.array(argument, { maxLength: 3 }),
  },
  { requiredKeys: ['names', 'action'] },
);

/** Profiles for the architectures of a machine. */
export function profiles(architectures: SeccompArchitecture[], rules = 8): fc.Arbitrary<Seccomp> {
  return fc.record(
    {
      defaultAction: fc.constantFrom(...ACTIONS),
      defaultErrnoRet: fc.constantFrom(1, 22),
      architectures: fc.constant(architectures),
      syscalls: fc.array(rule, { maxLength: rules }),
    },
    { requiredKeys: ['defaultAction', 'architectures', 'syscalls'] },
  );
}

/** Arguments near the values that a profile compares with, and others. */
export function argumentsFor(profile: Seccomp): fc.Arbitrary<bigint[]> {
  const compared = (profile.syscalls ?? []).flatMap(({ args = [] }) =>
    args.flatMap((one) => [one.value, one.valueTwo ?? 0]),
  );
  const near = fc.constantFrom(
    ...[0, ...compared].flatMap((one) => [BigInt(one), BigInt(one) + 1n, BigInt(one) | (7n << 40n)]),
  );
  const any = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  return fc.array(fc.oneof({ weight: 4, arbitrary: near }, any), { minLength: 6, maxLength: 6 });
}

export const MACHINES: { arch: 'x64' | 'arm64'; architectures: FilteredArchitecture[] }[] = [
  { arch: 'x64', architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
  { arch: 'arm64', architectures: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'] },
];
