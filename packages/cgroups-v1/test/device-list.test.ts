import { type DeviceRequest, type DeviceRule, isDeviceAllowed, parseDeviceRule } from '@coracle/cgroups-core';
import { isErrno } from '@coracle/errors';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type DeviceList, toDeviceList } from '../src/device-list.ts';

const allow = (text: string) => parseDeviceRule(text);
const deny = (text: string) => parseDeviceRule(text, { allow: false });
const textOf = ({ exceptions }: DeviceList) =>
  exceptions.map(({ type, major = '*', minor = '*', access }) => `${type} ${major}:${minor} ${access}`);

describe('the list of version 1', () => {
  test.each<[string, DeviceRule[], boolean, string[]]>([
    ['no rules: nothing is allowed', [], false, []],
    ['only what is allowed', [allow('c 1:3 rw'), allow('b 8:0 m')], false, ['c 1:3 rw', 'b 8:0 m']],
    ['a rule for all forgets what was before', [allow('c 1:3 rw'), allow('a'), deny('b *:* w')], true, ['b *:* w']],
    ['access to the same device is put together', [allow('c 1:3 r'), allow('c 1:3 w')], false, ['c 1:3 rw']],
    ['what is taken back is gone', [allow('c 1:3 rw'), deny('c 1:3 w')], false, ['c 1:3 r']],
    ['also by a wider rule', [allow('c 1:3 rw'), allow('c 1:5 r'), deny('c 1:* r')], false, ['c 1:3 w']],
    ['a wider entry makes a narrower one needless', [allow('c 1:3 r'), allow('c 1:* rw')], false, ['c 1:* rw']],
    [
      'an overlap has the access of both',
      [allow('c 1:* r'), allow('c *:3 w')],
      false,
      ['c 1:* r', 'c *:3 w', 'c 1:3 rw'],
    ],
    ['what is denied needs no overlap', [allow('a'), deny('c 1:* r'), deny('c *:3 w')], true, ['c 1:* r', 'c *:3 w']],
    ['other types do not overlap', [allow('c *:* r'), deny('b 1:3 r')], false, ['c *:* r']],
  ])('%s', (_, rules, allowsRest, exceptions) => {
    const list = toDeviceList(rules);
    expect(list.allowsRest).toBe(allowsRest);
    expect(textOf(list)).toEqual(exceptions);
    expect(list.exceptions.every((rule) => rule.allow === !allowsRest)).toBe(true);
  });

  test.each([
    [[allow('c *:* rw'), deny('c 1:3 w')], 'deny c 1:3 w', 'allow c *:* rw'],
    [[allow('a'), deny('c 1:* rwm'), allow('c *:3 r')], 'allow c *:3 r', 'deny c 1:* rwm'],
  ])('a part cannot be taken out of a wider rule: both are named', (rules, detail, wide) => {
    expect(() => toDeviceList(rules)).toThrow(
      expect.objectContaining({
        code: 'EOPNOTSUPP',
        detail,
        message: expect.stringContaining(`version 1 cannot take a part out of ${wide}`),
        hint: expect.stringContaining('use version 2'),
      }),
    );
  });

  test('another access of a wider rule can be taken', () => {
    expect(textOf(toDeviceList([allow('c *:* m'), deny('c 1:3 rw')]))).toEqual(['c *:* m']);
  });
});

const number = fc.constantFrom(undefined, 1, 2, 3);
const access = fc.constantFrom('r', 'w', 'm', 'rw', 'rm', 'wm', 'rwm');
const rule: fc.Arbitrary<DeviceRule> = fc
  .tuple(fc.boolean(), fc.constantFrom('a', 'b', 'c', 'c', 'c'), number, number, access)
  .map(([allowed, type, major = '*', minor = '*', letters]) =>
    parseDeviceRule(type === 'a' ? 'a' : `${type} ${major}:${minor} ${letters}`, { allow: allowed }),
  );
const request: fc.Arbitrary<DeviceRequest> = fc.record({
  type: fc.constantFrom('b', 'c'),
  major: fc.integer({ min: 1, max: 4 }),
  minor: fc.integer({ min: 1, max: 4 }),
  access,
});

/** How the kernel reads its list: one entry has to allow all, or any entry denies. */
function kernelAllows({ allowsRest, exceptions }: DeviceList, { type, major, minor, access: asked }: DeviceRequest) {
  const about = exceptions.filter(
    (one) => one.type === type && (one.major ?? major) === major && (one.minor ?? minor) === minor,
  );
  const letters = [...asked];
  return allowsRest
    ? !about.some((one) => letters.some((letter) => one.access.includes(letter)))
    : about.some((one) => letters.every((letter) => one.access.includes(letter)));
}

test('the kernel reads out of the list what the rules say, for any rules that version 1 can keep', () => {
  let kept = 0;
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 8 }), fc.array(request, { minLength: 20 }), (rules, requests) => {
      let list: DeviceList;
      try {
        list = toDeviceList(rules);
      } catch (error) {
        return isErrno(error, 'EOPNOTSUPP');
      }
      kept++;
      for (const one of requests) expect([one, kernelAllows(list, one)]).toEqual([one, isDeviceAllowed(rules, one)]);
    }),
    { numRuns: 500 },
  );
  expect(kept).toBeGreaterThan(100);
});
