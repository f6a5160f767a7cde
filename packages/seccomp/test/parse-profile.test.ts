import { ConfigError } from '@coracle/oci-spec';
import { compileProfile, decide, parseProfile } from '@coracle/seccomp';
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
  [withValue('18446744073709551608'), 'a number that JSON in JavaScript keeps exactly'],
  ['{"valueTwo":9007199254740993}', 'a number that JSON in JavaScript keeps exactly'],
])('%s is refused', (text, allowed) => {
  expect(() => parseProfile(text)).toThrow(ConfigError);
  expect(() => parseProfile(text)).toThrow(`$ must be ${allowed}`);
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
