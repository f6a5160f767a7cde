import { type DeviceRuleInput, isDeviceAllowed } from '@coracle/cgroups-core';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { deviceProperties } from '../../src/systemd/device-properties.ts';

const DENY_ALL = { allow: false, access: 'rwm' };
const allowed = (rules: readonly DeviceRuleInput[]): Record<string, string> => {
  const [policy, list] = deviceProperties(rules);
  expect(policy).toEqual(['DevicePolicy', ['s', 'strict']]);
  const entries: unknown = list?.[1][1];
  return Array.isArray(entries) ? Object.fromEntries(entries) : {};
};

test('rules that allow are listed by path or by family of drivers', () => {
  const rules = [
    { allow: true, type: 'b', major: 1, minor: 1, access: 'rwm' }, // before all is denied
    DENY_ALL,
    { allow: true, type: 'c', access: 'm' },
    { allow: true, type: 'c', major: 1, minor: 3, access: 'r' },
    { allow: true, type: 'c', major: 1, minor: 3, access: 'w' },
    { allow: true, type: 'c', major: 136, access: 'rwm' },
    { allow: true, type: 'b', major: 8, minor: 0, access: 'r' },
    { allow: true, type: 'c', minor: 7, access: 'r' },
  ];
  expect(allowed(rules)).toEqual({
    'char-*': 'm',
    '/dev/char/1:3': 'rw',
    'char-136': 'rwm',
    '/dev/block/8:0': 'r',
  });
  expect(allowed([DENY_ALL])).toEqual({});
  expect(allowed([DENY_ALL, { allow: true, access: 'rwm' }])).toEqual({ 'char-*': 'rwm', 'block-*': 'rwm' });
});

test('what is denied again is not listed any more, nor what has a part in it', () => {
  const rules = [
    DENY_ALL,
    { allow: true, type: 'c', major: 10, access: 'rwm' },
    { allow: true, type: 'c', major: 5, minor: 1, access: 'rw' },
  ];
  expect(allowed([...rules, { allow: false, type: 'c', major: 10, minor: 229, access: 'rw' }])).toEqual({
    'char-10': 'm',
    '/dev/char/5:1': 'rw',
  });
  expect(allowed([...rules, { allow: false, type: 'c', minor: 1, access: 'rwm' }])).toEqual({});
  expect(allowed([...rules, { allow: false, type: 'b', access: 'rwm' }])).toMatchObject({ 'char-10': 'rwm' });
});

test('a rule that names no access is about all of it', () => {
  expect(allowed([DENY_ALL, { allow: true, type: 'c', major: 1 }])).toEqual({ 'char-1': 'rwm' });
  const rules = [DENY_ALL, { allow: true, type: 'c', major: 1, access: 'rw' }, { allow: false, type: 'c', major: 1 }];
  expect(allowed(rules)).toEqual({});
});

test('never more is let through than the rules say', () => {
  const number = fc.option(fc.nat(2), { nil: -1 });
  const rule = fc.record({
    allow: fc.boolean(),
    type: fc.constantFrom('b', 'c'),
    major: number,
    minor: number,
    access: fc.subarray(['r', 'w', 'm'], { minLength: 1 }).map((kinds) => kinds.join('')),
  });
  const all = fc.boolean().map((allow) => ({ allow, type: 'a', access: 'rwm' }));
  const device = fc.record({ type: fc.constantFrom('b' as const, 'c' as const), major: fc.nat(2), minor: fc.nat(2) });
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 6, arbitrary: rule }, all), { maxLength: 6 }),
      device,
      fc.constantFrom('r', 'w', 'm'),
      (rules, node, access) => {
        const given = [DENY_ALL, ...rules];
        const family = node.type === 'b' ? 'block' : 'char';
        const names = [`/dev/${family}/${node.major}:${node.minor}`, `${family}-${node.major}`, `${family}-*`];
        const list = allowed(given);
        if (names.some((name) => list[name]?.includes(access)))
          expect(isDeviceAllowed(given, { ...node, access })).toBe(true);
      },
    ),
  );
});
