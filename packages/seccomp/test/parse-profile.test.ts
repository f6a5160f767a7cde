import { ConfigError } from '@coracle/oci-spec';
import { AUDIT_ARCH, compileProfile, decide, parseProfile, resolveProfile, simulate } from '@coracle/seccomp';
import { expect, test } from '@jest/globals';

const withValue = (value: string): string => `{"args": [{"value": ${value}}]}`;

test('an object comes out as JSON.parse() has it', () => {
  expect(parseProfile('{"defaultAction": "x"}')).toEqual({ defaultAction: 'x' });
  expect(parseProfile(withValue('18446744073709551615'))).toEqual({ args: [{ value: 2 ** 64 }] });
  expect(parseProfile(withValue('18446744073709547520'))).toEqual({ args: [{ value: 2 ** 64 - 4096 }] });
});

test.each([
  ['{', 'JSON'],
  ['', 'JSON'],
  ['null', 'a JSON object'],
  ['"x"', 'a JSON object'],
])('%s is refused', (text, allowed) => {
  expect(() => parseProfile(text)).toThrow(ConfigError);
  expect(() => parseProfile(text)).toThrow(`$ must be ${allowed}`);
});

test.each([
  ['SCMP_CMP_EQ', 9007199254740993n, [9007199254740993n], [9007199254740992n, 9007199254740994n]],
  ['SCMP_CMP_GT', 0x7fffffffffffffffn, [1n << 63n], [0x7fffffffffffffffn]],
  ['SCMP_CMP_LT', 0xfffffffffffffffen, [0xfffffffffffffffdn], [0xfffffffffffffffen, 0xffffffffffffffffn]],
  ['SCMP_CMP_MASKED_EQ', 0x7fffffffffffffffn, [1n << 63n], [1n, (1n << 63n) | 1n]],
])('%s compares with all bits of %p', (op, value, met, unmet) => {
  const rule = `{"names": ["read"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 1, "value": ${value}, "op": "${op}"}]}`;
  const text = `{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [${rule}]}`;
  const target = { arch: 'x64', capabilities: [], kernel: '6.12' } as const;
  const { bytes } = compileProfile(resolveProfile(parseProfile(text), target), { arch: 'x64' });
  const isMet = (argument: bigint): boolean =>
    simulate(bytes, { auditArch: AUDIT_ARCH.SCMP_ARCH_X86_64, nr: 0, args: [0n, argument] }).value !== 0x7fff0000;
  expect([...met, ...unmet].map(isMet)).toEqual([...met.map(() => true), ...unmet.map(() => false)]);
});

test('decide: by name, and as a notification has a call', () => {
  const filter = compileProfile({
    defaultAction: 'SCMP_ACT_ALLOW',
    architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_AARCH64'],
    syscalls: [{ names: ['mount'], action: 'SCMP_ACT_ERRNO', errnoRet: 13 }],
  });
  expect(decide(filter, { name: 'mount' })).toEqual({ action: 'SCMP_ACT_ERRNO', errno: 'EACCES' });
  expect(decide(filter, { name: 'read' })).toEqual({ action: 'SCMP_ACT_ALLOW' });
  const foreign = { number: 0, architecture: undefined, args: [] };
  expect(decide(filter, foreign)).toEqual({ action: 'SCMP_ACT_KILL_PROCESS' });
});
