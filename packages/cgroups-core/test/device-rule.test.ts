import { describe, expect, test } from '@jest/globals';
import { checkDeviceRules, DEFAULT_DEVICE_RULES, formatDeviceRule, parseDeviceRule } from '../src/index.ts';

describe('the text of a rule', () => {
  test.each([
    ['c 1:3 rwm', { type: 'c', major: 1, minor: 3, access: 'rwm' }],
    ['b *:* m', { type: 'b', access: 'm' }],
    ['c 136:* wr', { type: 'c', major: 136, access: 'rw' }],
    ['b *:7 r', { type: 'b', minor: 7, access: 'r' }],
    ['  c\t4095:1048575  m ', { type: 'c', major: 4095, minor: 1048575, access: 'm' }],
    ['c 0:0 rrr', { type: 'c', major: 0, minor: 0, access: 'r' }],
    ['a *:* rwm', { type: 'a', access: 'rwm' }],
    ['a', { type: 'a', access: 'rwm' }],
  ])('%j', (text, rule) => {
    expect(parseDeviceRule(text)).toEqual({ allow: true, ...rule });
    expect(parseDeviceRule(text, { allow: false })).toEqual({ allow: false, ...rule });
  });

  test.each([
    ['', 'it is empty'],
    ['d 1:3 r', 'the type is "d", not a, b or c'],
    ['c', 'the numbers are missing'],
    ['c 1 r', 'the numbers are "1", not such as 1:3, 136:* or *:*'],
    ['c 1:-3 r', 'the numbers are "1:-3", not such as 1:3, 136:* or *:*'],
    ['c 1:3', 'the access is missing'],
    ['c 1:3 x', 'the access is "x", not one to three of r, w and m'],
    ['c 1:3 rwmr', 'the access is "rwmr", not one to three of r, w and m'],
    ['c 1:3 r w', '"w" is too much'],
  ])('%j is none: what is wrong, and what to write', (text, problem) => {
    expect(() => parseDeviceRule(text)).toThrow(
      expect.objectContaining({
        code: 'EINVAL',
        message: expect.stringContaining(`'${text}' is no rule for devices: ${problem}`),
        hint: "write TYPE MAJOR:MINOR ACCESS, such as 'c 1:3 rwm' or 'b *:* m'; ls -l /dev shows the numbers",
      }),
    );
  });

  test.each([
    ['c 4096:0 r', 'no device has the major number 4096'],
    ['b 8:1048576 r', 'no device has the minor number 1048576'],
    ['a 1:* rwm', 'the type a means every device and every access'],
    ['a *:* r', 'the type a means every device and every access'],
  ])('%j is one that cannot be meant', (text, problem) => {
    expect(() => parseDeviceRule(text)).toThrow(
      expect.objectContaining({ code: 'EINVAL', message: expect.stringContaining(problem) }),
    );
  });

  test.each(['c 1:3 rwm', 'b *:* m', 'c 136:* rw', 'b *:7 r', 'a *:* rwm'])('%j comes back from its rule', (text) => {
    expect(formatDeviceRule(parseDeviceRule(text))).toBe(text);
  });
});

describe('rules of an OCI configuration', () => {
  test('what is absent is all: type a, any number, every access', () => {
    expect(checkDeviceRules([{ allow: false }, { allow: true, type: 'c', major: 5, minor: -1, access: 'mr' }])).toEqual(
      [
        { allow: false, type: 'a', access: 'rwm' },
        { allow: true, type: 'c', major: 5, access: 'rm' },
      ],
    );
  });

  test('of devices of both types, of which the kernel would take all, there are two rules', () => {
    expect(
      checkDeviceRules([
        { allow: true, major: 7, minor: 1 },
        { allow: false, access: 'w' },
      ]),
    ).toEqual([
      { allow: true, type: 'c', major: 7, minor: 1, access: 'rwm' },
      { allow: true, type: 'b', major: 7, minor: 1, access: 'rwm' },
      { allow: false, type: 'c', access: 'w' },
      { allow: false, type: 'b', access: 'w' },
    ]);
  });

  test.each([
    [{ allow: true, type: 'p' }, 'there is no type "p"'],
    [{ allow: true, type: 'c', access: '' }, '"" is no access'],
    [{ allow: true, type: 'c', access: 'rx' }, '"rx" is no access'],
    [{ allow: true, type: 'c', major: 1.5 }, 'no device has the major number 1.5'],
    [{ allow: true, type: 'c', minor: -2 }, 'no device has the minor number -2'],
    [{ allow: true, type: 'c', minor: Number.NaN }, 'no device has the minor number NaN'],
  ])('%j is refused, and shown', (rule, problem) => {
    expect(() => checkDeviceRules([rule])).toThrow(
      expect.objectContaining({
        code: 'EINVAL',
        path: 'devices',
        detail: JSON.stringify(rule),
        message: expect.stringContaining(problem),
      }),
    );
  });

  test('the text "false" does not allow', () => {
    expect(() => checkDeviceRules(JSON.parse('[{"allow":"false","type":"c"}]'))).toThrow(
      expect.objectContaining({ code: 'EINVAL', message: expect.stringContaining('allow is "false"') }),
    );
  });
});

test('the default: nothing but the harmless devices, and nodes of any', () => {
  expect(DEFAULT_DEVICE_RULES.map((rule) => `${rule.allow ? 'allow' : 'deny'} ${formatDeviceRule(rule)}`)).toEqual([
    'deny a *:* rwm',
    'allow c *:* m',
    'allow b *:* m',
    'allow c 1:3 rwm',
    'allow c 1:5 rwm',
    'allow c 1:7 rwm',
    'allow c 1:8 rwm',
    'allow c 1:9 rwm',
    'allow c 5:0 rwm',
    'allow c 5:2 rwm',
    'allow c 136:* rwm',
  ]);
});
