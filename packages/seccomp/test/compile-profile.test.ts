import type { Seccomp, SeccompArgument } from '@coracle/oci-spec';
import {
  AUDIT_ARCH,
  actionOf,
  compileProfile,
  disassemble,
  type FilteredArchitecture,
  numbersOf,
  simulate,
} from '@coracle/seccomp';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { argumentsFor, CALLS, MACHINES, profiles } from './profiles.ts';
import { isNewerThan, show, verdictByTheBook } from './reference.ts';

const ERRNO = { defaultAction: 'SCMP_ACT_ERRNO' } as const;
const ALL_X86: FilteredArchitecture[] = ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'];

/** What a profile makes of a call, as `ACTION` or `ACTION data`. */
function verdict(
  profile: Seccomp,
  name: string | number,
  args: bigint[] = [],
  architecture: FilteredArchitecture = 'SCMP_ARCH_X86_64',
): string {
  const arch = architecture === 'SCMP_ARCH_AARCH64' || architecture === 'SCMP_ARCH_ARM' ? 'arm64' : 'x64';
  const { bytes } = compileProfile(profile, { arch });
  const nr = typeof name === 'number' ? name : (numbersOf(architecture).get(name) ?? Number.NaN);
  const { value } = simulate(bytes, { auditArch: AUDIT_ARCH[architecture], nr, args });
  return show(actionOf(value), value & 0xffff);
}

function allowIf(...args: SeccompArgument[]): Seccomp {
  return { ...ERRNO, syscalls: [{ names: ['clone'], action: 'SCMP_ACT_ALLOW', args }] };
}

describe('compileProfile', () => {
  test('gives each call the action of its rule, and all others the default', () => {
    const profile: Seccomp = {
      defaultAction: 'SCMP_ACT_KILL_PROCESS',
      syscalls: [
        { names: ['read', 'write'], action: 'SCMP_ACT_ALLOW' },
        { names: ['mount'], action: 'SCMP_ACT_ERRNO', errnoRet: 13 },
        { names: ['getpid'], action: 'SCMP_ACT_LOG' },
        { names: ['ptrace'], action: 'SCMP_ACT_TRACE', errnoRet: 7 },
        { names: ['open'], action: 'SCMP_ACT_NOTIFY' },
        { names: ['close_range'], action: 'SCMP_ACT_TRAP' },
      ],
    };
    const calls = ['read', 'write', 'mount', 'getpid', 'ptrace', 'open', 'close_range', 'close'];
    expect(calls.map((call) => verdict(profile, call))).toEqual([
      'SCMP_ACT_ALLOW',
      'SCMP_ACT_ALLOW',
      'SCMP_ACT_ERRNO 13',
      'SCMP_ACT_LOG',
      'SCMP_ACT_TRACE 7',
      'SCMP_ACT_NOTIFY',
      'SCMP_ACT_TRAP',
      'SCMP_ACT_KILL_PROCESS',
    ]);
    expect(compileProfile(profile, { arch: 'x64' }).notifies).toBe(true);
    expect(compileProfile({ defaultAction: 'SCMP_ACT_NOTIFY' }, { arch: 'x64' }).notifies).toBe(true);
    expect(compileProfile({ defaultAction: 'SCMP_ACT_ALLOW' }, { arch: 'x64' }).notifies).toBe(false);
  });

  test.each<[SeccompArgument['op'], bigint[], bigint[]]>([
    ['SCMP_CMP_EQ', [0x100000002n], [2n, 0x100000003n, 0x200000002n, 0n]],
    ['SCMP_CMP_NE', [2n, 0x200000002n, 0n], [0x100000002n]],
    ['SCMP_CMP_GT', [0x100000003n, 0x200000000n], [0x100000002n, 0xffffffffn, 3n]],
    ['SCMP_CMP_GE', [0x100000002n, 0x200000000n], [0x100000001n, 0xffffffffn]],
    ['SCMP_CMP_LT', [0x100000001n, 0xffffffffn, 0n], [0x100000002n, 0x200000000n]],
    ['SCMP_CMP_LE', [0x100000002n, 0xffffffffn], [0x100000003n, 0xffffffff00000000n]],
  ])('%s compares all 64 bits', (op, met, unmet) => {
    const profile = allowIf({ index: 3, op, value: 0x100000002 });
    const verdicts = (values: bigint[]): string[] =>
      values.map((value) => verdict(profile, 'clone', [0n, 0n, 0n, value]));
    expect(new Set(verdicts(met))).toEqual(new Set(['SCMP_ACT_ALLOW']));
    expect(new Set(verdicts(unmet))).toEqual(new Set(['SCMP_ACT_ERRNO 1']));
  });

  test('a masked comparison looks at the bits of the mask, in both words, and at nothing else', () => {
    const profile = allowIf({ index: 0, op: 'SCMP_CMP_MASKED_EQ', value: 0x300000003, valueTwo: 0x100000002 });
    expect(verdict(profile, 'clone', [0x100000002n])).toBe('SCMP_ACT_ALLOW');
    expect(verdict(profile, 'clone', [0xfffffff1fffffffen])).toBe('SCMP_ACT_ALLOW');
    expect(verdict(profile, 'clone', [2n])).toBe('SCMP_ACT_ERRNO 1');
    expect(verdict(profile, 'clone', [0x100000003n])).toBe('SCMP_ACT_ERRNO 1');
    const nothing = allowIf({ index: 0, op: 'SCMP_CMP_MASKED_EQ', value: 0, valueTwo: 5 });
    expect(verdict(nothing, 'clone', [9n])).toBe('SCMP_ACT_ALLOW');
  });

  test('all conditions must hold; two on the same argument are alternatives, as with runc', () => {
    const both = allowIf({ index: 0, op: 'SCMP_CMP_EQ', value: 1 }, { index: 1, op: 'SCMP_CMP_EQ', value: 2 });
    expect(verdict(both, 'clone', [1n, 2n])).toBe('SCMP_ACT_ALLOW');
    expect(verdict(both, 'clone', [1n, 3n])).toBe('SCMP_ACT_ERRNO 1');
    const either = allowIf({ index: 0, op: 'SCMP_CMP_EQ', value: 1 }, { index: 0, op: 'SCMP_CMP_EQ', value: 2 });
    expect([0n, 1n, 2n].map((value) => verdict(either, 'clone', [value]))).toEqual([
      'SCMP_ACT_ERRNO 1',
      'SCMP_ACT_ALLOW',
      'SCMP_ACT_ALLOW',
    ]);
  });

  test('compares what the kernel looks at: the lower half of an argument that it takes as an int', () => {
    const profile: Seccomp = {
      ...ERRNO,
      syscalls: [{ names: ['socket'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, op: 'SCMP_CMP_GT', value: 40 }] }],
    };
    expect([41n, 0x100000029n].map((domain) => verdict(profile, 'socket', [domain]))).toEqual(
      Array(2).fill('SCMP_ACT_ALLOW'),
    );
    expect([38n, 0x100000026n].map((domain) => verdict(profile, 'socket', [domain]))).toEqual(
      Array(2).fill('SCMP_ACT_ERRNO 1'),
    );
  });

  test('all bits set, which JSON.parse() rounds up, stay all bits set', () => {
    const value = JSON.parse('18446744073709551615');
    expect(verdict(allowIf({ index: 0, op: 'SCMP_CMP_EQ', value }), 'clone', [0xffffffffffffffffn])).toBe(
      'SCMP_ACT_ALLOW',
    );
    expect(verdict(allowIf({ index: 0, op: 'SCMP_CMP_EQ', value }), 'clone', [0n])).toBe('SCMP_ACT_ERRNO 1');
    const masked = allowIf({ index: 0, op: 'SCMP_CMP_MASKED_EQ', value, valueTwo: 5 });
    expect(verdict(masked, 'clone', [5n])).toBe('SCMP_ACT_ALLOW');
    expect(verdict(masked, 'clone', [0x8000000000000005n])).toBe('SCMP_ACT_ERRNO 1');
  });

  test('a condition on no bit is none', () => {
    const nothing: SeccompArgument = { index: 0, op: 'SCMP_CMP_MASKED_EQ', value: 0, valueTwo: 5 };
    const profile: Seccomp = {
      ...ERRNO,
      syscalls: [
        { names: ['clone'], action: 'SCMP_ACT_ALLOW', args: [nothing] },
        { names: ['clone'], action: 'SCMP_ACT_KILL' },
      ],
    };
    expect(verdict(profile, 'clone', [9n])).toBe('SCMP_ACT_ALLOW');
  });

  test('a rule without conditions outdoes one with, unless it repeats the default', () => {
    const args: SeccompArgument[] = [{ index: 0, op: 'SCMP_CMP_EQ', value: 1 }];
    const profile = (errnoRet: number): Seccomp => ({
      ...ERRNO,
      syscalls: [
        { names: ['clone'], action: 'SCMP_ACT_ALLOW', args },
        { names: ['clone'], action: 'SCMP_ACT_ERRNO', errnoRet },
      ],
    });
    expect(verdict(profile(38), 'clone', [1n])).toBe('SCMP_ACT_ERRNO 38');
    expect(verdict(profile(1), 'clone', [1n])).toBe('SCMP_ACT_ALLOW');
  });

  test('a call of an architecture that is not in the profile kills the process', () => {
    const open: Seccomp = { defaultAction: 'SCMP_ACT_ALLOW' };
    expect(verdict(open, 'read', [], 'SCMP_ARCH_X86')).toBe('SCMP_ACT_KILL_PROCESS');
    expect(verdict(open, 'read', [], 'SCMP_ARCH_X32')).toBe('SCMP_ACT_KILL_PROCESS');
    expect(verdict(open, 'read', [], 'SCMP_ARCH_ARM')).toBe('SCMP_ACT_KILL_PROCESS');
    const all: Seccomp = { ...open, architectures: ALL_X86 };
    for (const architecture of ALL_X86) expect(verdict(all, 'read', [], architecture)).toBe('SCMP_ACT_ALLOW');
  });

  test('a number that a tracer put in to skip the call gets the default', () => {
    expect(verdict({ ...ERRNO, architectures: ALL_X86 }, 0xffffffff)).toBe('SCMP_ACT_ERRNO 1');
    expect(verdict(ERRNO, 0xffffffff)).toBe('SCMP_ACT_ERRNO 1');
  });

  test('x32 has its own numbers for some calls', () => {
    const profile: Seccomp = {
      ...ERRNO,
      architectures: ['SCMP_ARCH_X32'],
      syscalls: [{ names: ['ioctl', 'read'], action: 'SCMP_ACT_ALLOW' }],
    };
    expect(verdict(profile, 0x40000000 + 514)).toBe('SCMP_ACT_ALLOW');
    expect(verdict(profile, 0x40000000 + 16)).toBe('SCMP_ACT_ERRNO 1');
    expect(verdict(profile, 0x40000000)).toBe('SCMP_ACT_ALLOW');
    expect(verdict(profile, 16)).toBe('SCMP_ACT_ALLOW');
  });

  test.each([
    ['SCMP_ACT_ERRNO', 'SCMP_ACT_ERRNO 38'],
    ['SCMP_ACT_KILL', 'SCMP_ACT_ERRNO 38'],
    ['SCMP_ACT_ALLOW', 'SCMP_ACT_ALLOW'],
    ['SCMP_ACT_LOG', 'SCMP_ACT_LOG'],
    ['SCMP_ACT_TRACE', 'SCMP_ACT_TRACE 1'],
  ] as const)('with %s as default, a call newer than the profile: %s', (defaultAction, expected) => {
    const action = defaultAction === 'SCMP_ACT_ALLOW' ? 'SCMP_ACT_KILL' : 'SCMP_ACT_ALLOW';
    const profile: Seccomp = { defaultAction, architectures: ALL_X86, syscalls: [{ names: ['openat2'], action }] };
    const last = numbersOf('SCMP_ARCH_X86_64').get('openat2') ?? 0;
    expect(verdict(profile, last - 1)).toBe(show(defaultAction));
    expect(verdict(profile, last + 1)).toBe(expected);
    expect(verdict(profile, last + 1, [], 'SCMP_ARCH_X86')).toBe(expected);
    expect(verdict(profile, 0x40000000 + last + 1)).toBe(expected);
  });

  test("ARM's private calls are no measure of what is new", () => {
    const profile: Seccomp = {
      ...ERRNO,
      architectures: ['SCMP_ARCH_ARM'],
      syscalls: [{ names: ['set_tls', 'openat2'], action: 'SCMP_ACT_ALLOW' }],
    };
    expect(verdict(profile, 'set_tls', [], 'SCMP_ARCH_ARM')).toBe('SCMP_ACT_ALLOW');
    expect(verdict(profile, 438, [], 'SCMP_ARCH_ARM')).toBe('SCMP_ACT_ERRNO 38');
  });

  test('a profile that names no call gives all of them the default', () => {
    expect(verdict(ERRNO, 'read')).toBe('SCMP_ACT_ERRNO 1');
    expect(verdict(ERRNO, 4000)).toBe('SCMP_ACT_ERRNO 1');
  });

  describe('calls that 32-bit x86 makes in two ways', () => {
    const x86 = (profile: Omit<Seccomp, 'architectures'>, name: string, first: bigint): string =>
      verdict({ ...profile, architectures: ['SCMP_ARCH_X86'] }, name, [first], 'SCMP_ARCH_X86');

    test('a rule is about both', () => {
      const profile: Seccomp = { ...ERRNO, syscalls: [{ names: ['bind', 'shmat'], action: 'SCMP_ACT_ALLOW' }] };
      expect(x86(profile, 'bind', 0n)).toBe('SCMP_ACT_ALLOW');
      expect(x86(profile, 'socketcall', 2n)).toBe('SCMP_ACT_ALLOW');
      expect(x86(profile, 'socketcall', 3n)).toBe('SCMP_ACT_ERRNO 1');
      expect(x86(profile, 'ipc', 21n)).toBe('SCMP_ACT_ALLOW');
      expect(x86(profile, 'ipc', 22n)).toBe('SCMP_ACT_ERRNO 1');
    });

    test('where the arguments cannot be tested, the stricter side is taken', () => {
      const args: SeccompArgument[] = [{ index: 0, op: 'SCMP_CMP_EQ', value: 38 }];
      const allow: Seccomp = { ...ERRNO, syscalls: [{ names: ['socket'], action: 'SCMP_ACT_ALLOW', args }] };
      expect(x86(allow, 'socket', 38n)).toBe('SCMP_ACT_ALLOW');
      expect(x86(allow, 'socketcall', 1n)).toBe('SCMP_ACT_ERRNO 1');
      const deny: Seccomp = {
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [{ names: ['socket'], action: 'SCMP_ACT_KILL', args }],
      };
      expect(x86(deny, 'socketcall', 1n)).toBe('SCMP_ACT_KILL_THREAD');
    });
  });

  test('names that no architecture has are skipped, and told', () => {
    const profile: Seccomp = {
      ...ERRNO,
      syscalls: [{ names: ['nosuchcall', 'read', 'toString', '__proto__', 'nosuchcall'], action: 'SCMP_ACT_ALLOW' }],
    };
    expect(compileProfile(profile).unknown).toEqual(['nosuchcall', 'toString', '__proto__']);
    expect(verdict(profile, 'read')).toBe('SCMP_ACT_ALLOW');
  });

  test('only a single thread loads it, so there is nothing to synchronize', () => {
    const flags: Seccomp['flags'] = ['SECCOMP_FILTER_FLAG_TSYNC', 'SECCOMP_FILTER_FLAG_LOG'];
    expect(compileProfile({ ...ERRNO, flags }).flags).toEqual(['SECCOMP_FILTER_FLAG_LOG']);
  });

  test('branches reach over long programs', () => {
    const rules = Array.from({ length: 600 }, (_, value) => ({
      names: ['personality'],
      action: 'SCMP_ACT_ERRNO' as const,
      errnoRet: 100 + value,
      args: [{ index: 0, op: 'SCMP_CMP_EQ' as const, value }],
    }));
    const profile: Seccomp = { defaultAction: 'SCMP_ACT_KILL_PROCESS', syscalls: rules };
    for (const value of [0, 1, 255, 256, 599]) {
      expect(verdict(profile, 'personality', [BigInt(value)])).toBe(`SCMP_ACT_ERRNO ${100 + value}`);
    }
    expect(verdict(profile, 'personality', [600n])).toBe('SCMP_ACT_KILL_PROCESS');
    expect(verdict(profile, 'read')).toBe('SCMP_ACT_KILL_PROCESS');
  });

  test('a profile too long for the kernel is refused, however long', () => {
    const rules = (count: number): Seccomp['syscalls'] =>
      Array.from({ length: count }, (_, value) => ({
        names: ['personality'],
        action: 'SCMP_ACT_ALLOW' as const,
        args: [{ index: 0, op: 'SCMP_CMP_EQ' as const, value }],
      }));
    for (const count of [1500, 100_000]) {
      expect(() => compileProfile({ ...ERRNO, syscalls: rules(count) ?? [] })).toThrow(
        'invalid configuration: $.linux.seccomp.syscalls must be few enough for one filter, found rules for more than 4096 instructions',
      );
    }
  });

  test('neighbours that are treated alike share a range: all calls but one take three comparisons', () => {
    const { bytes } = compileProfile(
      { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mount'], action: 'SCMP_ACT_ERRNO' }] },
      { arch: 'x64' },
    );
    expect(disassemble(bytes)).toBe(
      [
        '   0  load arch',
        '   1  if == 0xc000003e go to 2 else 8',
        '   2  load number',
        '   3  if >= 0xa6 go to 6 else 4',
        '   4  if >= 0xa5 go to 5 else 9',
        '   5  return 0x50001 (fails with EPERM)',
        '   6  if >= 0x40000000 go to 7 else 9',
        '   7  if >= 0xffffffff go to 9 else 8',
        '   8  return 0x80000000 (kills the process)',
        '   9  return 0x7fff0000 (allowed)',
      ].join('\n'),
    );
  });

  describe.each(MACHINES)('on $arch', ({ arch, architectures }) => {
    test('decides as the specification has it, for any profile and call', () => {
      fc.assert(
        fc.property(
          profiles(architectures).chain((profile) => fc.tuple(fc.constant(profile), argumentsFor(profile))),
          ([profile, args]) => {
            const { bytes } = compileProfile(profile, { arch });
            for (const architecture of architectures) {
              const numbers = numbersOf(architecture);
              for (const call of CALLS.filter((name) => numbers.has(name))) {
                const nr = numbers.get(call) ?? 0;
                if (isNewerThan(profile, architecture, nr)) continue;
                const { value } = simulate(bytes, { auditArch: AUDIT_ARCH[architecture], nr, args });
                expect(show(actionOf(value), value & 0xffff)).toBe(verdictByTheBook(profile, architecture, call, args));
              }
            }
          },
        ),
        { numRuns: 300 },
      );
    });
  });
});
