import { describe, expect, test } from '@jest/globals';
import { DEFAULT_DEVICE_RULES, type DeviceRequest, isDeviceAllowed, parseDeviceRule } from '../src/index.ts';

const allow = (text: string) => parseDeviceRule(text);
const deny = (text: string) => parseDeviceRule(text, { allow: false });
const ask = (type: 'b' | 'c', major: number, minor: number, access: string): DeviceRequest => ({
  type,
  major,
  minor,
  access,
});

describe('by default', () => {
  test.each([
    ['/dev/null to read and write', ask('c', 1, 3, 'rw'), true],
    ['a terminal of the container', ask('c', 136, 7, 'rw'), true],
    ['to make the node of a disk', ask('b', 8, 0, 'm'), true],
    ['to read a disk', ask('b', 8, 0, 'r'), false],
    ['to read the memory of the machine', ask('c', 1, 1, 'r'), false],
    ['a block device with the numbers of /dev/null', ask('b', 1, 3, 'r'), false],
  ])('%s', (_, request, answer) => {
    expect(isDeviceAllowed(DEFAULT_DEVICE_RULES, request)).toBe(answer);
  });
});

describe('the last rule wins', () => {
  test('also over a wider one before it', () => {
    const rules = [allow('c *:* rwm'), deny('c 1:7 rwm')];
    expect(isDeviceAllowed(rules, ask('c', 1, 7, 'r'))).toBe(false);
    expect(isDeviceAllowed(rules, ask('c', 1, 3, 'r'))).toBe(true);
  });

  test('also over a narrower one before it', () => {
    expect(isDeviceAllowed([allow('c 1:7 rwm'), deny('c *:* w')], ask('c', 1, 7, 'w'))).toBe(false);
    expect(isDeviceAllowed([allow('c 1:7 rwm'), deny('c *:* w')], ask('c', 1, 7, 'r'))).toBe(true);
  });

  test('a rule for all forgets what was before', () => {
    expect(isDeviceAllowed([deny('c 1:7 rwm'), allow('a')], ask('c', 1, 7, 'rw'))).toBe(true);
    expect(isDeviceAllowed([allow('c 1:7 rwm'), deny('a')], ask('c', 1, 7, 'r'))).toBe(false);
  });
});

describe('each letter of the access is decided by itself', () => {
  test('two rules together allow what neither allows alone', () => {
    const rules = [allow('c 1:7 r'), allow('c 1:* w')];
    expect(isDeviceAllowed(rules, ask('c', 1, 7, 'rw'))).toBe(true);
    expect(isDeviceAllowed(rules, ask('c', 1, 8, 'rw'))).toBe(false);
  });

  test('one denied letter denies the whole request', () => {
    expect(isDeviceAllowed([allow('a'), deny('c 1:7 w')], ask('c', 1, 7, 'rw'))).toBe(false);
  });
});

test('what no rule speaks of is denied', () => {
  expect(isDeviceAllowed([], ask('c', 1, 3, 'r'))).toBe(false);
  expect(isDeviceAllowed([deny('c 1:7 r')], ask('c', 1, 3, 'r'))).toBe(false);
});
