import {
  allCapabilities,
  CAPABILITY_NAMES,
  type CapabilityRequest,
  checkSets,
  DEFAULT_CAPABILITIES,
  parseCapabilities,
  resolveCapabilities,
  toMask,
} from '@coracle/capabilities';
import { isErrno } from '@coracle/errors';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { thrownBy } from './thrown-by.ts';

const ALL = allCapabilities();
const given = (request: Omit<CapabilityRequest, 'available'>, available: bigint = ALL): string[] =>
  resolveCapabilities({ ...request, available }).permitted;
const refusal = (request: Omit<CapabilityRequest, 'available'>, available: bigint = ALL): unknown =>
  thrownBy(() => resolveCapabilities({ ...request, available }));

describe('what a container gets', () => {
  test("is Docker's 14 when nothing is asked for, in three of the sets", () => {
    const set = [...DEFAULT_CAPABILITIES];
    expect(resolveCapabilities({ available: ALL })).toEqual({
      bounding: set,
      permitted: set,
      effective: set,
      inheritable: [],
      ambient: [],
    });
  });

  test('is less what is dropped and more what is added', () => {
    expect(given({ add: ['net_admin'], drop: ['CAP_NET_RAW', 'MKNOD', 'SYS_TIME'] })).toEqual(
      CAPABILITY_NAMES.filter(
        (name) =>
          name === 'CAP_NET_ADMIN' ||
          (DEFAULT_CAPABILITIES.includes(name) && name !== 'CAP_NET_RAW' && name !== 'CAP_MKNOD'),
      ),
    );
  });

  test('is only what is added when all are dropped, in whatever order that is said', () => {
    expect(given({ drop: ['ALL'], add: ['KILL', 'CHOWN'] })).toEqual(['CAP_CHOWN', 'CAP_KILL']);
    expect(given({ drop: ['KILL', 'all'], add: ['CHOWN'] })).toEqual(['CAP_CHOWN']);
    expect(given({ drop: ['ALL'] })).toEqual([]);
  });

  test('is all but what is dropped when all are added', () => {
    expect(given({ add: ['ALL'] })).toEqual(CAPABILITY_NAMES);
    expect(given({ add: ['all', 'BPF'], drop: ['SYS_ADMIN'] })).toEqual(
      CAPABILITY_NAMES.filter((name) => name !== 'CAP_SYS_ADMIN'),
    );
  });

  test('starts from another base where there is one', () => {
    expect(given({ base: ['CAP_KILL', 'CAP_CHOWN'], add: ['BPF'], drop: ['KILL'] })).toEqual(['CAP_CHOWN', 'CAP_BPF']);
  });

  test('does not change when a word is repeated', () => {
    expect(given({ drop: ['ALL'], add: ['KILL', 'cap_kill'] })).toEqual(['CAP_KILL']);
  });

  test('is a list of its own in each set', () => {
    const sets = resolveCapabilities({ available: ALL });
    sets.bounding.length = 0;
    expect(sets.permitted).toEqual(DEFAULT_CAPABILITIES);
    expect(given({})).toEqual(DEFAULT_CAPABILITIES);
  });

  test('is always what was asked for and available, in sets that the kernel takes', () => {
    const words = fc.subarray([...CAPABILITY_NAMES]);
    fc.assert(
      fc.property(words, words, fc.boolean(), fc.bigInt({ min: 0n, max: ALL }), (some, others, dropAll, limit) => {
        const add = some.filter((name) => (toMask([name]) & limit) !== 0n);
        const drop = others.filter((name) => !add.includes(name));
        const capabilities = resolveCapabilities({
          add,
          drop: dropAll ? [...drop, 'ALL'] : drop,
          ambient: ['ALL'],
          available: limit,
        });
        const { sets } = parseCapabilities(capabilities);
        checkSets(sets);
        const base = dropAll ? 0n : toMask(DEFAULT_CAPABILITIES) & ~toMask(drop);
        expect(sets.bounding).toBe((base | toMask(add)) & limit);
      }),
    );
  });
});

describe('what is not available', () => {
  const poor = ALL & ~toMask(['CAP_MKNOD', 'CAP_SYS_RESOURCE']);

  test('is left out of the default and of ALL without a word', () => {
    expect(given({}, poor)).toEqual(DEFAULT_CAPABILITIES.filter((name) => name !== 'CAP_MKNOD'));
    expect(given({ add: ['ALL'] }, poor)).toHaveLength(39);
  });

  test('is refused by name where it was asked for by name, with a remedy', () => {
    const error = refusal({ add: ['ALL', 'SYS_RESOURCE', 'MKNOD', 'KILL'] }, poor);
    expect(isErrno(error, 'EPERM')).toBe(true);
    expect(error).toMatchObject({
      message: 'EPERM: SYS_RESOURCE, MKNOD cannot be given to the container by a caller without it, capset',
      hint: expect.stringContaining('/proc/self/status'),
    });
  });

  test('may be dropped', () => {
    expect(given({ drop: ['MKNOD'] }, poor)).toEqual(given({}, poor));
  });
});

describe('words that contradict each other', () => {
  test.each([
    [{ add: ['KILL', 'BPF'], drop: ['cap_kill'] }, 'KILL'],
    [{ add: ['ALL', 'KILL'], drop: ['KILL'] }, 'KILL'],
    [{ add: ['KILL'], drop: ['ALL', 'KILL'] }, 'KILL'],
    [{ add: ['ALL'], drop: ['ALL'] }, 'ALL'],
  ])('%j are refused', (request, name) => {
    const error = refusal(request);
    expect(isErrno(error, 'EINVAL')).toBe(true);
    expect(error).toMatchObject({
      message: `EINVAL: ${name} cannot be both added and dropped, capset`,
      hint: `add or drop ${name}, not both`,
    });
  });

  test.each(['add', 'drop', 'ambient'])('an unknown word of %s is refused', (option) => {
    expect(refusal({ [option]: ['NET_ADMN'] })).toMatchObject({ code: 'EINVAL', hint: 'did you mean NET_ADMIN?' });
  });
});

describe('ambient capabilities', () => {
  test('are inheritable too', () => {
    const sets = resolveCapabilities({ drop: ['ALL'], add: ['KILL', 'BPF'], ambient: ['bpf'], available: ALL });
    expect(sets).toMatchObject({ permitted: ['CAP_KILL', 'CAP_BPF'], inheritable: ['CAP_BPF'], ambient: ['CAP_BPF'] });
  });

  test('are all that is given with ALL', () => {
    expect(resolveCapabilities({ ambient: ['ALL'], available: 33n })).toMatchObject({
      permitted: ['CAP_CHOWN', 'CAP_KILL'],
      ambient: ['CAP_CHOWN', 'CAP_KILL'],
    });
  });

  test('must be given', () => {
    const error = refusal({ ambient: ['BPF'] });
    expect(isErrno(error, 'EINVAL')).toBe(true);
    expect(error).toMatchObject({ hint: 'add BPF' });
  });
});
