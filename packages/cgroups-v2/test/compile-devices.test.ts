import {
  DEFAULT_DEVICE_RULES,
  type DeviceRequest,
  type DeviceRule,
  isDeviceAllowed,
  parseDeviceRule,
} from '@coracle/cgroups-core';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compileDeviceRules, planDevices, simulateDeviceProgram } from '../src/index.ts';

const allow = (text: string) => parseDeviceRule(text);
const deny = (text: string) => parseDeviceRule(text, { allow: false });
const hex = (bytes: Uint8Array) => (Buffer.from(bytes).toString('hex').match(/.{16}/g) ?? []).join(' ');
const READ_REQUEST =
  '6112000000000000 bc23000000000000 54020000ffff0000 7403000010000000 6114040000000000 6115080000000000';

describe('the program', () => {
  test.each<[string, DeviceRule[], string]>([
    ['denies all without rules', [], 'b400000000000000 9500000000000000'],
    ['allows all where all is allowed', [deny('c 1:3 r'), allow('a')], 'b400000001000000 9500000000000000'],
    [
      'looks at type and numbers, takes the allowed letters away, and allows when none is left',
      [allow('c 1:3 rw')],
      '5502040002000000 5504030001000000 5505020003000000 5403000001000000 1503020000000000 b400000000000000 9500000000000000 b400000001000000 9500000000000000',
    ],
    [
      'denies as soon as one letter is denied',
      [allow('a'), deny('b *:* w')],
      '5502010001000000 4503020004000000 b400000001000000 9500000000000000 b400000000000000 9500000000000000',
    ],
  ])('%s', (_, rules, rest) => {
    expect(hex(compileDeviceRules(rules))).toBe(`${READ_REQUEST} ${rest}`);
  });

  test('costs a few instructions for a usual request', () => {
    const program = compileDeviceRules(DEFAULT_DEVICE_RULES);
    const terminal = { type: 'c', major: 136, minor: 0, access: 'rw' } as const;
    expect(simulateDeviceProgram(program, terminal)).toEqual({ isAllowed: true, steps: 12 });
  });

  test('with more rules than the kernel takes is refused', () => {
    const rules = (count: number) => Array.from({ length: count }, (_, minor) => allow(`c 1:${minor} r`));
    expect(compileDeviceRules(rules(800)).length / 8).toBeLessThanOrEqual(4096);
    expect(() => compileDeviceRules(rules(820))).toThrow(
      expect.objectContaining({ code: 'E2BIG', message: expect.stringContaining('820 rules') }),
    );
  });

  test('belongs to a group', () => {
    const program = planDevices([allow('c 1:3 r')], '/sys/fs/cgroup/box');
    expect(program).toEqual({
      directory: '/sys/fs/cgroup/box',
      instructions: compileDeviceRules([allow('c 1:3 r')]),
    });
  });
});

const number = fc.constantFrom(undefined, 1, 2, 3, 4095);
const access = fc.constantFrom('r', 'w', 'm', 'rw', 'rm', 'wm', 'rwm');
const rule: fc.Arbitrary<DeviceRule> = fc
  .tuple(fc.boolean(), fc.constantFrom('a', 'b', 'c', 'c', 'c'), number, number, access)
  .map(([allowed, type, major = '*', minor = '*', letters]) =>
    parseDeviceRule(type === 'a' ? 'a' : `${type} ${major}:${minor} ${letters}`, { allow: allowed }),
  );
const request: fc.Arbitrary<DeviceRequest> = fc.record({
  type: fc.constantFrom('b', 'c'),
  major: fc.constantFrom(1, 2, 3, 4, 4095),
  minor: fc.constantFrom(1, 2, 3, 4, 4095, 1048575),
  access,
});

test('it answers what the rules say, for any rules and any request', () => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 12 }), fc.array(request, { minLength: 20 }), (rules, requests) => {
      const program = compileDeviceRules(rules);
      for (const one of requests) {
        const { isAllowed } = simulateDeviceProgram(program, one);
        expect([one, isAllowed]).toEqual([one, isDeviceAllowed(rules, one)]);
      }
    }),
    { numRuns: 500 },
  );
});

describe('the simulation refuses what the kernel would', () => {
  const bytes = (...words: string[]) => Uint8Array.from(Buffer.from(words.join(''), 'hex'));
  const EXIT = '9500000000000000';
  test.each([
    ['an unknown operation', bytes('8500000001000000', EXIT), 'No operation 0x85 is known'],
    ['an answer that was never given', bytes(EXIT), 'Register 0 was never set'],
    ['a program without an end', bytes('b400000001000000'), 'The program runs past its end, to 1 of 1'],
    ['a jump backward', bytes('b400000000000000', '1500feff00000000', EXIT), 'Instruction 1 jumps backward'],
    ['a load from elsewhere', bytes('61100c0000000000', EXIT), 'There is nothing to load at 12 from register 1'],
  ])('%s', (_, program, message) => {
    const anything = { type: 'c', major: 1, minor: 3, access: 'r' } as const;
    expect(() => simulateDeviceProgram(program, anything)).toThrow(new RangeError(message));
  });
});
