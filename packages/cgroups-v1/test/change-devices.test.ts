import { DEFAULT_DEVICE_RULES, formatDeviceRule, parseDeviceRule } from '@coracle/cgroups-core';
import { expect, test } from '@jest/globals';
import { planDeviceChange } from '../src/change-devices.ts';

const place = { devices: '/cg/devices/box' };
const CURRENT = DEFAULT_DEVICE_RULES.filter(({ allow }) => allow)
  .map((rule) => `${formatDeviceRule(rule)}\n`)
  .join('');
const writes = (current: string, ...rules: Parameters<typeof planDeviceChange>[0]): string[] =>
  planDeviceChange(rules, { place, current }).map((one) =>
    one.kind === 'write' ? `${one.path.replace('/cg/devices/box/devices.', '')} ${one.value}` : one.kind,
  );

test('what is in force already is not said again', () => {
  expect(writes(CURRENT, ...DEFAULT_DEVICE_RULES)).toEqual([]);
});

test('only what is new is allowed, and only what is gone is denied, in this order', () => {
  const fuse = parseDeviceRule('c 10:229 rw');
  expect(writes(`${CURRENT}c 10:200 rwm\n`, ...DEFAULT_DEVICE_RULES, fuse)).toEqual([
    'allow c 10:229 rwm', // the node may be made anyway
    'deny c 10:200 rwm',
  ]);
  expect(writes(`${CURRENT}c 10:229 rwm\n`, ...DEFAULT_DEVICE_RULES, parseDeviceRule('c 10:229 r'))).toEqual([
    'deny c 10:229 w',
  ]);
});

test('from a list that allows what it does not name, and to one, all is said anew', () => {
  expect(writes('a *:* rwm\n', ...DEFAULT_DEVICE_RULES).at(0)).toBe('deny a *:* rwm');
  expect(writes(CURRENT, { allow: true })).toEqual(['allow a *:* rwm']);
});
