import { checkPlatform, libc, UnsupportedPlatformError } from '@coracle/syscalls';
import { expect, test } from '@jest/globals';

const GOOD = { platform: 'linux', arch: 'x64', glibc: true };

test('Linux with glibc on x64 and arm64 is supported', () => {
  expect(checkPlatform(GOOD)).toBe('x64');
  expect(checkPlatform({ ...GOOD, arch: 'arm64' })).toBe('arm64');
});

test('this machine is judged by its own facts', () => {
  expect(checkPlatform()).toBe(process.arch);
  expect(libc().arch).toBe(process.arch);
});

test.each([
  ['macOS', { ...GOOD, platform: 'darwin' }, /this is darwin: use a Linux machine or virtual machine$/],
  ['Windows, before its other faults', { platform: 'win32', arch: 'ia32', glibc: false }, /this is win32/],
  ['32-bit ARM', { ...GOOD, arch: 'arm' }, /^this is arm: Coracle runs on .*\(x64\) and .*\(arm64\)$/],
  ['musl', { ...GOOD, glibc: false }, /musl.*use a Node built for glibc$/],
])('%s is refused with what to use', (_, facts, message) => {
  expect(() => checkPlatform(facts)).toThrow(UnsupportedPlatformError);
  expect(() => checkPlatform(facts)).toThrow(message);
  expect(() => checkPlatform(facts)).toThrow(expect.objectContaining({ code: 'ERR_CORACLE_PLATFORM' }));
});
