import type { Seccomp } from '@coracle/oci-spec';
import { validateConfig } from '@coracle/oci-spec/validate';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkProfile, resolveProfile } from '../src/profile-file.ts';
import type { ProfileTarget } from '../src/profile-target.ts';
import { decisionsOf } from './decisions.ts';

const target: ProfileTarget = { arch: 'x64', capabilities: ['CAP_CHOWN', 'CAP_KILL'], kernel: '6.12.8-1-amd64' };

const resolve = (json: unknown, other: Partial<ProfileTarget> = {}): Seccomp =>
  resolveProfile(json, { ...target, ...other });

/** A profile with this one rule, or with none where the conditions do not hold. */
const withRule = (rule: object): object => ({
  defaultAction: 'SCMP_ACT_ERRNO',
  syscalls: [{ names: ['mount'], action: 'SCMP_ACT_ALLOW', ...rule }],
});

const counts = (rule: object, other: Partial<ProfileTarget> = {}): boolean =>
  decisionsOf(resolve(withRule(rule), other))['mount'] === 'ALLOW';

const problemsOf = (json: unknown): { path: string; found: string; allowed: string }[] => {
  try {
    resolve(json);
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'problems' in error && Array.isArray(error.problems)) {
      return error.problems;
    }
    throw error;
  }
  return [];
};

const pathsOf = (json: unknown): string[] => problemsOf(json).map(({ path }) => path);

test('a look at a profile finds what resolving it would find', () => {
  const bad = withRule({ args: [{ index: 9, value: 1, op: 'SCMP_CMP_EQ' }] });
  expect(() => checkProfile(bad)).toThrow(expect.objectContaining({ path: '$.syscalls[0].args[0].index' }));
  expect(() => checkProfile([])).toThrow(expect.objectContaining({ path: '$' }));
  expect(checkProfile(withRule({}))).toBeUndefined();
});

describe('the OCI form', () => {
  const plain: Seccomp = {
    defaultAction: 'SCMP_ACT_KILL_PROCESS',
    defaultErrnoRet: 13,
    architectures: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
    flags: ['SECCOMP_FILTER_FLAG_LOG'],
    listenerPath: '/run/listener.sock',
    listenerMetadata: 'box',
    syscalls: [
      { names: ['read', 'write'], action: 'SCMP_ACT_ALLOW' },
      {
        names: ['clone'],
        action: 'SCMP_ACT_ERRNO',
        errnoRet: 0,
        args: [
          { index: 0, op: 'SCMP_CMP_MASKED_EQ', value: 0x7e020000, valueTwo: 0 },
          { index: 5, op: 'SCMP_CMP_GE', value: 1 },
        ],
      },
    ],
  };

  test('stays as it is', () => {
    expect(resolve(plain)).toEqual(plain);
  });

  test('is copied through and through', () => {
    const resolved = resolve(plain);
    resolved.flags?.pop();
    resolved.architectures?.pop();
    for (const rule of resolved.syscalls ?? []) {
      rule.names.pop();
      for (const argument of rule.args ?? []) argument.value = 7;
    }
    expect(resolve(plain)).toEqual(plain);
    expect(resolved).not.toEqual(plain);
  });

  test('needs no more than the default action', () => {
    expect(resolve({ defaultAction: 'SCMP_ACT_LOG' })).toEqual({ defaultAction: 'SCMP_ACT_LOG', syscalls: [] });
  });
});

describe('a rule counts', () => {
  test.each<[object, boolean]>([
    [{}, true],
    [{ includes: {}, excludes: {} }, true],
    [{ includes: null, excludes: null }, true],
    [{ includes: { caps: null, arches: [], minKernel: null } }, true],
    [{ includes: { caps: [] } }, true],
    [{ includes: { caps: ['CAP_CHOWN'] } }, true],
    [{ includes: { caps: ['CAP_CHOWN', 'CAP_KILL'] } }, true],
    [{ includes: { caps: ['CAP_CHOWN', 'CAP_SYS_ADMIN'] } }, false],
    [{ includes: { arches: ['amd64'] } }, true],
    [{ includes: { arches: ['s390x', 'amd64'] } }, true],
    [{ includes: { arches: ['arm64'] } }, false],
    [{ includes: { arches: ['x64'] } }, false],
    [{ includes: { minKernel: '6.12' } }, true],
    [{ includes: { minKernel: '6.2' } }, true],
    [{ includes: { minKernel: '6.13' } }, false],
    [{ includes: { minKernel: '7.0' } }, false],
    [{ excludes: { caps: ['CAP_SYS_ADMIN'] } }, true],
    [{ excludes: { caps: ['CAP_SYS_ADMIN', 'CAP_KILL'] } }, false],
    [{ excludes: { arches: ['arm64'] } }, true],
    [{ excludes: { arches: ['arm64', 'amd64'] } }, false],
    [{ excludes: { minKernel: '6.13' } }, true],
    [{ excludes: { minKernel: '4.8' } }, false],
    [{ includes: { caps: ['CAP_CHOWN'] }, excludes: { caps: ['CAP_KILL'] } }, false],
    [{ includes: { arches: ['amd64'], minKernel: '9.9' } }, false],
  ])('%j on x64 with Linux 6.12, CHOWN and KILL: %p', (rule, expected) => {
    expect(counts(rule)).toBe(expected);
  });

  test('on arm64 by the name arm64', () => {
    expect(counts({ includes: { arches: ['arm', 'arm64'] } }, { arch: 'arm64' })).toBe(true);
    expect(counts({ includes: { arches: ['amd64'] } }, { arch: 'arm64' })).toBe(false);
  });

  test('with what includes asks for, exactly when it does not with the same one thing in excludes', () => {
    const condition = fc.oneof(
      fc.record({ caps: fc.constantFrom('CAP_CHOWN', 'CAP_KILL', 'CAP_BPF').map((one) => [one]) }),
      fc.record({ arches: fc.subarray(['amd64', 'arm64', 's390x'], { minLength: 1 }) }),
      fc.record({ minKernel: fc.tuple(fc.nat(9), fc.nat(30)).map((numbers) => numbers.join('.')) }),
    );
    fc.assert(
      fc.property(condition, fc.constantFrom('x64' as const, 'arm64' as const), (one, arch) => {
        expect(counts({ includes: one }, { arch })).toBe(!counts({ excludes: one }, { arch }));
      }),
    );
  });
});

describe('the forms of Docker and Podman', () => {
  const archMap = [
    { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
    { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: null },
  ];

  test('archMap gives the architectures of this machine', () => {
    const json = { defaultAction: 'SCMP_ACT_ERRNO', archMap };
    expect(resolve(json).architectures).toEqual(['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32']);
    expect(resolve(json, { arch: 'arm64' }).architectures).toEqual(['SCMP_ARCH_AARCH64']);
  });

  test('an archMap without this machine leaves it to the runtime', () => {
    const json = { defaultAction: 'SCMP_ACT_ERRNO', archMap: archMap.slice(1), architectures: [] };
    expect('architectures' in resolve(json)).toBe(false);
  });

  test('the oldest form: one name a rule, args that are null', () => {
    const rule = { name: 'accept', action: 'SCMP_ACT_ALLOW', args: null, comment: 'sockets' };
    expect(resolve({ defaultAction: 'SCMP_ACT_ERRNO', architectures: null, syscalls: [rule] })).toEqual({
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [{ names: ['accept'], action: 'SCMP_ACT_ALLOW' }],
    });
  });

  test.each([
    ['ENOSYS', 38],
    ['EPERM', 1],
    ['EHWPOISON', 133],
    ['ENOTSUP', 95],
    ['EWOULDBLOCK', 11],
  ])("Podman's errno %s is %p, whatever the number beside it", (errno, number) => {
    const rule = { names: ['bpf'], action: 'SCMP_ACT_ERRNO', errno, errnoRet: 22, args: [] };
    const resolved = resolve({
      defaultAction: 'SCMP_ACT_ERRNO',
      defaultErrno: errno,
      defaultErrnoRet: 22,
      syscalls: [rule],
    });
    expect(resolved.defaultErrnoRet).toBe(number);
    expect(resolved.syscalls).toEqual([{ names: ['bpf'], action: 'SCMP_ACT_ERRNO', errnoRet: number }]);
  });

  test('the result is one that an OCI configuration can have', () => {
    const seccomp = resolve({
      defaultAction: 'SCMP_ACT_ERRNO',
      archMap,
      syscalls: [{ name: 'read', action: 'SCMP_ACT_LOG' }],
    });
    expect(validateConfig({ ociVersion: '1.3.0', root: { path: 'rootfs' }, linux: { seccomp } })).toBeTruthy();
  });
});

describe('what is wrong is named by its path', () => {
  const argument = { index: 0, op: 'SCMP_CMP_EQ', value: 1 };

  test.each<[object, string, string]>([
    [{ args: [{ ...argument, op: 'EQ' }] }, '$.syscalls[0].args[0].op', '"EQ"'],
    [{ args: [{ ...argument, index: 6 }] }, '$.syscalls[0].args[0].index', '6'],
    [{ args: [{ ...argument, value: -1 }] }, '$.syscalls[0].args[0].value', '-1'],
    [{ args: [{ ...argument, value: '1' }] }, '$.syscalls[0].args[0].value', '"1"'],
    [{ args: [argument, null] }, '$.syscalls[0].args[1]', 'null'],
    [{ args: argument }, '$.syscalls[0].args', 'an object'],
    [{ action: 'ALLOW' }, '$.syscalls[0].action', '"ALLOW"'],
    [{ action: undefined }, '$.syscalls[0].action', 'nothing'],
    [{ names: undefined }, '$.syscalls[0].names', 'nothing'],
    [{ names: [] }, '$.syscalls[0].names', 'an empty array'],
    [{ names: null, name: '' }, '$.syscalls[0].names', 'nothing'],
    [{ name: 'read' }, '$.syscalls[0].names', 'an array of 1'],
    [{ names: [['read']] }, '$.syscalls[0].names[0]', 'an array of 1'],
    [{ errno: 'EPERMIT' }, '$.syscalls[0].errno', '"EPERMIT"'],
    [{ errno: 'constructor' }, '$.syscalls[0].errno', '"constructor"'],
    [{ errnoRet: 2 ** 32 }, '$.syscalls[0].errnoRet', '4294967296'],
    [{ includes: [] }, '$.syscalls[0].includes', 'an empty array'],
    [{ includes: { caps: 'CAP_KILL' } }, '$.syscalls[0].includes.caps', '"CAP_KILL"'],
    [{ includes: { caps: ['SYS_ADMIN'] } }, '$.syscalls[0].includes.caps[0]', '"SYS_ADMIN"'],
    [{ excludes: { caps: ['cap_sys_admin'] } }, '$.syscalls[0].excludes.caps[0]', '"cap_sys_admin"'],
    [{ includes: { minKernel: 4.8 } }, '$.syscalls[0].includes.minKernel', '4.8'],
    [{ includes: { minKernel: 'new' } }, '$.syscalls[0].includes.minKernel', '"new"'],
    [{ excludes: { arches: [1] } }, '$.syscalls[0].excludes.arches[0]', '1'],
    [{ include: { caps: ['CAP_SYS_ADMIN'] } }, '$.syscalls[0].include', 'an object'],
    [{ arg: [argument] }, '$.syscalls[0].arg', 'an array of 1'],
    [{ includes: { cap: ['CAP_SYS_ADMIN'] } }, '$.syscalls[0].includes.cap', 'an array of 1'],
    [{ excludes: { maxKernel: '4.8' } }, '$.syscalls[0].excludes.maxKernel', '"4.8"'],
  ])('rule %j: %s, found %s', (rule, path, found) => {
    expect(problemsOf(withRule(rule))).toEqual([{ path, found, allowed: expect.any(String) }]);
  });

  test.each<[unknown, string, string]>([
    [undefined, '$', 'nothing'],
    [null, '$', 'null'],
    ['unconfined', '$', '"unconfined"'],
    [[], '$', 'an empty array'],
    [{}, '$.defaultAction', 'nothing'],
    [{ defaultAction: null }, '$.defaultAction', 'null'],
    [{ defaultAction: 'SCMP_ACT_ERRNO', syscalls: {} }, '$.syscalls', 'an object'],
    [{ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [[[[]]]] }, '$.syscalls[0]', 'an array of 1'],
    [{ defaultAction: 'SCMP_ACT_ERRNO', architectures: ['x86'] }, '$.architectures[0]', '"x86"'],
    [{ defaultAction: 'SCMP_ACT_ERRNO', flags: ['LOG'] }, '$.flags[0]', '"LOG"'],
    [{ defaultAction: 'SCMP_ACT_ERRNO', archMap: [{}] }, '$.archMap[0].architecture', 'nothing'],
    [{ defaultAction: 'SCMP_ACT_ERRNO', defaultErrno: 38 }, '$.defaultErrno', '38'],
    [{ defaultAction: 'SCMP_ACT_ERRNO', listenerPath: '/a\0b' }, '$.listenerPath', '"/a\\u0000b"'],
    [
      {
        defaultAction: 'SCMP_ACT_ERRNO',
        architectures: ['SCMP_ARCH_X86'],
        archMap: [{ architecture: 'SCMP_ARCH_X86_64' }],
      },
      '$.archMap',
      'an array of 1',
    ],
  ])('profile %j: %s, found %s', (json, path, found) => {
    expect(problemsOf(json)).toEqual([{ path, found, allowed: expect.any(String) }]);
  });

  test('the message has all of it', () => {
    expect(() => resolve(withRule({ args: [{ ...argument, op: 'EQ' }] }))).toThrow(
      expect.objectContaining({
        code: 'ERR_CORACLE_CONFIG',
        message: expect.stringMatching(/\$\.syscalls\[0\]\.args\[0\]\.op must be one of SCMP_CMP_NE, .*, found "EQ"$/),
      }),
    );
  });

  test('in rules that do not count here as well, so that a profile is not good on one machine only', () => {
    expect(pathsOf(withRule({ includes: { arches: ['s390x'] }, action: 'DENY' }))).toEqual(['$.syscalls[0].action']);
  });
});

describe('hostile JSON', () => {
  test.each(['1e400', '-1e400', '1e30', '18446744073709551616000', '0.5'])('a value of %s is refused', (value) => {
    const json = `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW",
      "args":[{"index":0,"op":"SCMP_CMP_EQ","value":${value}}]}]}`;
    expect(pathsOf(JSON.parse(json))).toEqual(['$.syscalls[0].args[0].value']);
  });

  test('__proto__ gives a profile neither an action nor rules', () => {
    const text = '{"__proto__":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[]},"constructor":{"prototype":{"a":1}}}';
    expect(pathsOf(JSON.parse(text))).toEqual(['$.defaultAction']);
    const good = resolve(JSON.parse(text.replace('{', '{"defaultAction":"SCMP_ACT_ERRNO",')));
    expect(Object.getPrototypeOf(good)).toBe(Object.prototype);
    expect(Object.getOwnPropertyNames(good).sort()).toEqual(['defaultAction', 'syscalls']);
    expect('a' in {}).toBe(false);
  });

  test.each(['__proto__', 'constructor', 'toString'])('%s in a rule is refused as any unknown member', (member) => {
    const text = `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[
      {"names":["read"],"action":"SCMP_ACT_ALLOW","${member}":{"includes":{"caps":[]}}}]}`;
    expect(pathsOf(JSON.parse(text))).toEqual([`$.syscalls[0].${member}`]);
  });

  test('system calls named __proto__ and constructor are names like others', () => {
    const names = ['__proto__', 'constructor', '', 'x'.repeat(100_000)];
    expect(resolve(withRule({ names })).syscalls?.[0]?.names).toEqual(names);
  });

  test('a hundred thousand rules, good or bad, take seconds at most', () => {
    const many = (rule: object): object => ({
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: Array.from({ length: 100_000 }, () => rule),
    });
    const good = { name: 'read', action: 'SCMP_ACT_ERRNO', errno: 'ENOSYS', includes: { caps: ['CAP_KILL'] } };
    const start = performance.now();
    expect(resolve(many(good)).syscalls).toHaveLength(100_000);
    expect(problemsOf(many({}))).toHaveLength(100_000);
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  test('any JSON is either refused with its path or gives a valid filter', () => {
    const member = fc.constantFrom(
      'defaultAction',
      'syscalls',
      'names',
      'name',
      'action',
      'args',
      'includes',
      'excludes',
      'caps',
      'archMap',
      'architecture',
      '__proto__',
    );
    const leaf = fc.constantFrom<unknown>(null, 0, 1e308, '', 'read', 'SCMP_ACT_ALLOW', 'SCMP_ARCH_X86_64', 'CAP_KILL');
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        leaf,
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(member, tie('value'), { maxKeys: 4 }),
      ),
    }));
    const file = fc.record(
      { defaultAction: fc.constant('SCMP_ACT_ERRNO'), syscalls: value, archMap: value },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(value, file), (json) => {
        const problems = problemsOf(json);
        for (const { path } of problems) expect(path).toMatch(/^\$/);
        if (problems.length > 0) return;
        const seccomp = resolve(json);
        expect(validateConfig({ ociVersion: '1.3.0', root: { path: 'rootfs' }, linux: { seccomp } })).toBeTruthy();
      }),
      { numRuns: 500 },
    );
  });
});

test('a kernel release that is none is refused', () => {
  expect(() => resolve({ defaultAction: 'SCMP_ACT_ALLOW' }, { kernel: 'newest' })).toThrow(
    expect.objectContaining({ code: 'EINVAL', path: 'newest' }),
  );
});
