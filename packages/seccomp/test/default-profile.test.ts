import { readFileSync } from 'node:fs';
import type { Seccomp } from '@coracle/oci-spec';
import { validateConfig } from '@coracle/oci-spec/validate';
import { type Arch, syscallNumbers } from '@coracle/syscalls';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { allowedOn, alwaysAllowed } from '../src/default-profile/always-allowed.ts';
import { checkedCalls } from '../src/default-profile/checked-calls.ts';
import { neverAllowed } from '../src/default-profile/never-allowed.ts';
import { openedByCapability } from '../src/default-profile/opened-by-capability.ts';
import { blockedReasons, whyBlocked } from '../src/default-profile/why-blocked.ts';
import { defaultProfile } from '../src/default-profile.ts';
import { armNumbers } from '../src/numbers/arm.ts';
import { x86Numbers } from '../src/numbers/x86.ts';
import type { ProfileTarget } from '../src/profile-target.ts';
import { decisionsOf } from './decisions.ts';

/** What Docker's profile decides; fixtures/derive-decisions.mjs made it. */
interface Official {
  defaultAction: string;
  defaultErrnoRet: number;
  architectures: Record<Arch, string[]>;
  capabilities: string[];
  situations: number;
  entries: { calls: string; mostly: string; except?: Record<string, string[]> }[];
}

const official: Official = JSON.parse(readFileSync(new URL('./fixtures/moby-decisions.json', import.meta.url), 'utf8'));

const ARCHES: readonly Arch[] = ['x64', 'arm64'];
const KERNELS = ['4.7', '4.8'];

const situations = ARCHES.flatMap((arch) =>
  KERNELS.flatMap((kernel) => ['none', ...official.capabilities, 'all'].map((held) => ({ arch, kernel, held }))),
);

const capabilitiesOf = (held: string): string[] => {
  if (held === 'all') return official.capabilities;
  return held === 'none' ? [] : [held];
};

function officialDecisions(situation: string): Record<string, string> {
  const decisions: Record<string, string> = {};
  for (const { calls, mostly, except = {} } of official.entries) {
    const [other] = Object.entries(except).find(([, where]) => where.includes(situation)) ?? [mostly];
    if (other !== 'DEFAULT') for (const call of calls.split(' ')) decisions[call] = other;
  }
  return decisions;
}

describe('decides as the official profile does', () => {
  test.each(situations)('$arch, Linux $kernel, capabilities: $held', ({ arch, kernel, held }) => {
    const profile = defaultProfile({ arch, kernel, capabilities: capabilitiesOf(held) });
    expect(decisionsOf(profile)).toEqual(officialDecisions(`${arch} ${kernel} ${held}`));
    expect(profile).toMatchObject({
      defaultAction: official.defaultAction,
      defaultErrnoRet: official.defaultErrnoRet,
      architectures: official.architectures[arch],
    });
  });

  test('in all situations that the official one tells apart', () => {
    expect(situations).toHaveLength(official.situations);
    const asked = [...openedByCapability().flatMap(({ capabilities }) => capabilities)];
    expect([...new Set(asked)].sort()).toEqual(official.capabilities);
  });
});

describe('the profile', () => {
  const profile = (target: Partial<ProfileTarget> = {}): Seccomp =>
    defaultProfile({ arch: 'x64', capabilities: [], kernel: '6.12.8', ...target });

  test('is a valid filter of the OCI specification', () => {
    for (const arch of ARCHES) {
      const seccomp = profile({ arch, capabilities: official.capabilities });
      expect(validateConfig({ ociVersion: '1.3.0', root: { path: 'rootfs' }, linux: { seccomp } })).toBeTruthy();
    }
  });

  test('names no call twice in its first rule', () => {
    const [first] = profile({ capabilities: official.capabilities }).syscalls ?? [];
    expect(first?.names).toEqual([...new Set(first?.names)]);
  });

  test('can be changed without changing the next one', () => {
    const spoilt = profile();
    for (const rule of spoilt.syscalls ?? []) {
      rule.names.length = 0;
      for (const argument of rule.args ?? []) argument.value = 7;
    }
    spoilt.architectures?.pop();
    expect(profile()).not.toEqual(spoilt);
    expect(decisionsOf(profile())).toEqual(officialDecisions('x64 4.8 none'));
    expect(profile().architectures).toEqual(official.architectures.x64);
  });

  test.each<[ProfileTarget['kernel'], boolean]>([
    ['4.7.10', false],
    ['4.8.0-rc1', true],
    ['4.10.0-42-generic', true],
    ['3.19', false],
    ['6.12.8-1-amd64', true],
    ['10.0', true],
    [{ major: 4, minor: 7 }, false],
    [{ major: 5, minor: 0 }, true],
  ])('lets processes trace each other on Linux %p: %p', (kernel, allowed) => {
    expect(decisionsOf(profile({ kernel }))['ptrace']).toBe(allowed ? 'ALLOW' : undefined);
  });

  test.each(['', 'Linux 6.1', '6', 'six.one'])('a kernel release %p is refused', (kernel) => {
    expect(() => profile({ kernel })).toThrow(expect.objectContaining({ code: 'EINVAL', path: kernel }));
  });

  test('takes no notice of capabilities that open nothing, or that there are not', () => {
    expect(profile({ capabilities: ['CAP_CHOWN', 'sys_admin', 'SYS_ADMIN', '__proto__', ''] })).toEqual(profile());
  });
});

test('one more capability never takes away a call', () => {
  const subset = fc.subarray(['CAP_CHOWN', ...official.capabilities]);
  const target = fc.record({ arch: fc.constantFrom(...ARCHES), kernel: fc.constantFrom(...KERNELS) });
  fc.assert(
    fc.property(target, subset, fc.constantFrom(...official.capabilities), (machine, capabilities, one) => {
      const before = decisionsOf(defaultProfile({ ...machine, capabilities }));
      const after = decisionsOf(defaultProfile({ ...machine, capabilities: [...capabilities, one] }));
      for (const [name, text] of Object.entries(before)) {
        if (after[name] !== text) expect([name, after[name]]).toEqual([name, 'ALLOW']);
      }
    }),
    { numRuns: 200 },
  );
});

describe('the tables', () => {
  const gates = [...openedByCapability(), ...neverAllowed()];
  const listed = [
    ...alwaysAllowed(),
    ...allowedOn('x64'),
    ...allowedOn('arm64'),
    ...gates.flatMap(({ calls }) => calls),
    ...checkedCalls().map(({ call }) => call),
  ];

  const numbered = [
    ...[syscallNumbers('x64'), syscallNumbers('arm64')].flatMap((numbers) => [...numbers.keys()]),
    ...[x86Numbers(), armNumbers()].flatMap(Object.keys),
  ];

  /** Only RISC-V has it, of which there is no table; Docker's list is the same for all machines. */
  const ELSEWHERE = ['riscv_hwprobe'];

  test('name every call in one place only', () => {
    expect(listed.filter((name, index) => listed.indexOf(name) !== index)).toEqual([]);
  });

  test('name only calls that Linux has', () => {
    const known = new Set([...numbered, ...ELSEWHERE]);
    expect(listed.filter((name) => !known.has(name))).toEqual([]);
  });

  test('have an answer for every call that Linux has', () => {
    const answered = new Set(listed);
    expect([...new Set(numbered)].filter((name) => !answered.has(name))).toEqual([]);
  });
});

describe('why a call is blocked', () => {
  test.each([
    ['reboot', ['CAP_SYS_BOOT']],
    ['bpf', ['CAP_BPF', 'CAP_SYS_ADMIN']],
    ['syslog', ['CAP_SYSLOG', 'CAP_SYS_ADMIN']],
    ['mount', ['CAP_SYS_ADMIN']],
    ['keyctl', []],
    ['io_uring_setup', []],
    ['userfaultfd', []],
    ['kexec_load', []],
  ])('%s: it is told, and that %p would allow it', (name, capabilities) => {
    expect(whyBlocked(name)).toMatchObject({ capabilities, forSomeArguments: false, reason: expect.any(String) });
  });

  test('for some arguments only', () => {
    const partly = [...blockedReasons()].filter(([, { forSomeArguments }]) => forSomeArguments).map(([name]) => name);
    expect(partly.sort()).toEqual(['clone', 'personality', 'socket']);
    expect(whyBlocked('clone3')).toMatchObject({ forSomeArguments: false, capabilities: ['CAP_SYS_ADMIN'] });
  });

  test('ptrace: only on old kernels', () => {
    expect(whyBlocked('ptrace')).toMatchObject({
      sinceKernel: { major: 4, minor: 8 },
      capabilities: ['CAP_SYS_PTRACE'],
    });
  });

  test.each(['read', 'openat', '', 'constructor', '__proto__', 'no_such_call'])('%p: there is no reason', (name) => {
    expect(whyBlocked(name)).toBeUndefined();
  });

  test('the capabilities named do allow the call, each alone, and no other does', () => {
    for (const [name, { capabilities, forSomeArguments, sinceKernel }] of blockedReasons()) {
      const decided = (held: string[]) =>
        decisionsOf(defaultProfile({ arch: 'x64', kernel: sinceKernel ? '4.7' : '6.12', capabilities: held }))[name];
      const openers = official.capabilities.filter((one) => decided([one]) === 'ALLOW');
      expect([name, openers.sort()]).toEqual([name, [...capabilities].sort()]);
      expect([name, decided([])?.startsWith('ALLOW') ?? false]).toEqual([name, forSomeArguments]);
    }
  });

  test('each reason is one line that can follow "blocked, as"', () => {
    for (const { reason } of blockedReasons().values()) {
      expect(reason).toMatch(/^(?!It )\S.{20,115}[^.\s]$/);
    }
  });
});
