import { compileProfile, parseProfile, resolveProfile } from '@coracle/seccomp';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';

const TARGET = { arch: 'x64', capabilities: ['CAP_KILL'], kernel: '6.12.8' } as const;
const MOST_INSTRUCTIONS = 4096;

/** A profile's way from the text of a file to a filter; `undefined` when it was refused with a path. */
function compiled(text: string): ReturnType<typeof compileProfile> | undefined {
  try {
    return compileProfile(resolveProfile(parseProfile(text), TARGET), { arch: 'x64' });
  } catch (error) {
    expect(Reflect.get(Object(error), 'name')).toBe('ConfigError');
    expect(Reflect.get(Object(error), 'path')).toMatch(/^\$/);
    return undefined;
  }
}

const rule = fc.record(
  {
    names: fc.array(fc.oneof(fc.constantFrom('read', 'mount', 'socket', 'no_such_call', '__proto__'), fc.string()), {
      maxLength: 4,
    }),
    action: fc.constantFrom('SCMP_ACT_ALLOW', 'SCMP_ACT_ERRNO', 'SCMP_ACT_NOTIFY', 'SCMP_ACT_KILL', 'SCMP_ACT_X'),
    errnoRet: fc.oneof(fc.nat(5000), fc.double()),
    args: fc.array(
      fc.record({
        index: fc.integer({ min: -1, max: 6 }),
        value: fc.oneof(fc.nat(), fc.maxSafeInteger(), fc.double(), fc.constant(2 ** 64)),
        valueTwo: fc.oneof(fc.nat(), fc.constant(2 ** 63)),
        op: fc.constantFrom('SCMP_CMP_EQ', 'SCMP_CMP_NE', 'SCMP_CMP_LT', 'SCMP_CMP_GE', 'SCMP_CMP_MASKED_EQ', 'x'),
      }),
      { maxLength: 7 },
    ),
  },
  { requiredKeys: ['names', 'action'] },
);

const profile = fc.record(
  {
    defaultAction: fc.constantFrom('SCMP_ACT_ERRNO', 'SCMP_ACT_ALLOW', 'SCMP_ACT_X'),
    defaultErrnoRet: fc.oneof(fc.nat(), fc.double()),
    architectures: fc.subarray(['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32', 'SCMP_ARCH_ARM', 'x']),
    flags: fc.subarray(['SECCOMP_FILTER_FLAG_LOG', 'SECCOMP_FILTER_FLAG_TSYNC', 'x']),
    syscalls: fc.array(rule, { maxLength: 8 }),
  },
  { requiredKeys: ['defaultAction'] },
);

test('any text is a filter that the kernel takes, or refused with its path', () => {
  const cut = fc
    .tuple(fc.json(), fc.nat(), fc.string())
    .map(([text, at, more]) => text.slice(0, at % (text.length + 1)) + more);
  const texts = fc.oneof(
    fc.string(),
    fc.json(),
    cut,
    fc.anything().map((value) => fc.stringify(value)),
  );
  fc.assert(
    fc.property(texts, (text) => {
      compiled(text);
    }),
    { numRuns: 1000 },
  );
});

test('any profile is a filter that the kernel takes, or refused with its path', () => {
  let taken = 0;
  fc.assert(
    fc.property(profile, (json) => {
      const filter = compiled(JSON.stringify(json));
      if (!filter) return;
      taken++;
      expect(filter.bytes.length % 8).toBe(0);
      expect(filter.bytes.length / 8).toBeLessThanOrEqual(MOST_INSTRUCTIONS);
      expect(filter.bytes.length).toBeGreaterThan(0);
    }),
    { numRuns: 1000 },
  );
  expect(taken).toBeGreaterThan(20);
});
