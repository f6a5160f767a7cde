import {
  allCapabilities,
  CAPABILITY_NAMES,
  type CapabilitySets,
  checkSets,
  DEFAULT_CAPABILITIES,
  describeCapabilities,
  describeMask,
  formatCapabilities,
  fromMask,
  limitTo,
  numbersOf,
  parseCapabilities,
  readCapabilities,
  toMask,
} from '@coracle/capabilities';
import { isErrno } from '@coracle/errors';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { thrownBy } from './thrown-by.ts';

const DEFAULT = toMask(DEFAULT_CAPABILITIES);
const NOTHING: CapabilitySets = { bounding: 0n, permitted: 0n, effective: 0n, inheritable: 0n, ambient: 0n };
const names = fc.subarray([...CAPABILITY_NAMES]);
const mask = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const sets = fc.record({ bounding: mask, permitted: mask, effective: mask, inheritable: mask, ambient: mask });

describe('masks', () => {
  test('of names in any order are those names in the order of the kernel', () => {
    fc.assert(
      fc.property(names, (some) => {
        expect(fromMask(toMask(some.toReversed()))).toEqual(some);
      }),
    );
  });

  test('are the sum of their numbers, with or without names', () => {
    fc.assert(
      fc.property(mask, (some) => {
        expect(numbersOf(some).reduce((sum, number) => sum + 2n ** BigInt(number), 0n)).toBe(some);
      }),
    );
  });

  test('of all capabilities reach to the last one of a kernel', () => {
    expect(allCapabilities()).toBe(0x1ffffffffffn);
    expect(allCapabilities(37)).toBe(0x3fffffffffn);
    expect(numbersOf(allCapabilities(42)).at(-1)).toBe(42);
    expect(fromMask(allCapabilities(42))).toEqual(CAPABILITY_NAMES);
  });
});

describe('the sets of a configuration', () => {
  test('are read and written again', () => {
    const config = {
      bounding: ['CAP_CHOWN', 'CAP_KILL'],
      permitted: ['CAP_KILL'],
      effective: [],
      inheritable: ['CAP_CHOWN'],
      ambient: [],
    };
    expect(formatCapabilities(parseCapabilities(config).sets)).toEqual(config);
  });

  test('fit where the OCI runtime specification wants them', () => {
    const oci: { bounding?: string[]; permitted?: string[]; effective?: string[]; ambient?: string[] } =
      formatCapabilities(NOTHING);
    oci.bounding?.push('CAP_KILL');
    expect(parseCapabilities(oci).sets.bounding).toBe(32n);
    expect(formatCapabilities(NOTHING).bounding).toEqual([]);
  });

  test('are empty where they are absent', () => {
    expect(parseCapabilities({})).toEqual({ sets: NOTHING, unknown: [] });
  });

  test('may have names that are no capability: they are told once each, and left out', () => {
    const { sets, unknown } = parseCapabilities({
      bounding: ['CAP_FLY', 'CAP_KILL', 'KILL'],
      effective: ['CAP_FLY', 'cap_chown'],
    });
    expect(sets).toEqual({ ...NOTHING, bounding: 32n });
    expect(unknown).toEqual(['CAP_FLY', 'KILL', 'cap_chown']);
  });
});

describe('limiting sets', () => {
  test('leaves nothing that is not available, and names what is missing', () => {
    const { sets } = parseCapabilities({
      bounding: ['CAP_CHOWN', 'CAP_SYS_TIME'],
      permitted: ['CAP_CHOWN'],
      ambient: ['CAP_BPF'],
    });
    expect(limitTo(sets, 1n)).toEqual({
      sets: { ...NOTHING, bounding: 1n, permitted: 1n },
      missing: ['CAP_SYS_TIME', 'CAP_BPF'],
    });
  });

  test('to all that a kernel has changes nothing', () => {
    expect(limitTo({ ...NOTHING, bounding: DEFAULT }, allCapabilities())).toEqual({
      sets: { ...NOTHING, bounding: DEFAULT },
      missing: [],
    });
  });

  test('keeps sets in order that were so', () => {
    fc.assert(
      fc.property(mask, mask, mask, (given, kept, available) => {
        const ambient = given & kept;
        const proper = { bounding: given, permitted: given, effective: given, inheritable: ambient, ambient };
        expect(() => checkSets(limitTo(proper, available).sets)).not.toThrow();
      }),
    );
  });
});

describe('sets that the kernel would refuse', () => {
  test.each([
    [{ effective: 32n }, 'CAP_KILL cannot be effective without being permitted'],
    [{ inheritable: 33n }, 'CAP_CHOWN, CAP_KILL cannot be inheritable without being in the bounding set'],
    [{ permitted: 1n, ambient: 1n }, 'CAP_CHOWN cannot be ambient without being both permitted and inheritable'],
    [{ bounding: 1n, inheritable: 1n, ambient: 1n }, 'ambient without being both permitted and inheritable'],
  ])('%p: %s', (some, message) => {
    const error = thrownBy(() => checkSets({ ...NOTHING, ...some }));
    expect(isErrno(error, 'EINVAL')).toBe(true);
    expect(String(error)).toContain(message);
  });

  test('may well have permitted capabilities that are not in the bounding set', () => {
    expect(() => checkSets({ ...NOTHING, permitted: 1n, effective: 1n })).not.toThrow();
  });
});

describe('the text of /proc/PID/status', () => {
  const STATUS = `Name:\tbash
Umask:\t0022
Uid:\t1000\t1000\t1000\t1000
SigCgt:\t000000004b813efb
CapInh:\t0000000000000001
CapPrm:\t0000000000000400
CapEff:\t0000000000000400
CapBnd:\t000001ffffffffff
CapAmb:\t0000000000000000
NoNewPrivs:\t0
`;

  test('has the five sets', () => {
    expect(readCapabilities(STATUS)).toEqual({
      inheritable: 1n,
      permitted: 0x400n,
      effective: 0x400n,
      bounding: 0x1ffffffffffn,
      ambient: 0n,
    });
  });

  test('without one of them is refused', () => {
    const error = thrownBy(() => readCapabilities(STATUS.replace(/^CapAmb.*\n/m, '')));
    expect(isErrno(error, 'EINVAL')).toBe(true);
    expect(String(error)).toContain('no line CapAmb');
  });

  test('gives back whatever sets the kernel shows', () => {
    fc.assert(
      fc.property(sets, (some) => {
        const hex = (bits: bigint): string => bits.toString(16).padStart(16, '0');
        const text = `CapInh:\t${hex(some.inheritable)}\nCapPrm:\t${hex(some.permitted)}\nCapEff:\t${hex(some.effective)}\nCapBnd:\t${hex(some.bounding)}\nCapAmb:\t${hex(some.ambient)}\n`;
        expect(readCapabilities(text)).toEqual(some);
      }),
    );
  });
});

describe('in words', () => {
  const bit = (...some: (typeof CAPABILITY_NAMES)[number][]): bigint => toMask(some);

  test.each([
    [0n, 'no capabilities'],
    [DEFAULT, "Docker's 14 capabilities"],
    [DEFAULT & ~bit('CAP_NET_RAW'), "Docker's 14 capabilities without NET_RAW"],
    [DEFAULT | bit('CAP_NET_ADMIN', 'CAP_SYS_TIME'), "Docker's 14 capabilities and NET_ADMIN, SYS_TIME"],
    [(DEFAULT | bit('CAP_BPF')) & ~bit('CAP_KILL'), "Docker's 14 capabilities and BPF without KILL"],
    [allCapabilities(), 'all 41 capabilities'],
    [allCapabilities() & ~bit('CAP_SYS_ADMIN'), 'all 41 capabilities without SYS_ADMIN'],
    [bit('CAP_KILL', 'CAP_CHOWN'), 'only CHOWN, KILL'],
    [allCapabilities(41), 'all 41 capabilities and 41'],
  ])('%i is "%s"', (mask, words) => {
    expect(describeMask(mask)).toBe(words);
  });

  test('sets that are as usual are described by one of them', () => {
    const usual = { ...NOTHING, bounding: 32n, permitted: 32n, effective: 32n };
    expect(describeCapabilities(usual)).toBe('only KILL');
    expect(describeCapabilities({ ...usual, inheritable: 32n, ambient: 32n })).toBe('only KILL; ambient: only KILL');
  });

  test('a set that is not as usual is described too', () => {
    expect(
      describeCapabilities({ bounding: DEFAULT, permitted: 33n, effective: 1n, inheritable: 1n, ambient: 0n }),
    ).toBe("only CHOWN, KILL; effective: only CHOWN; bounding: Docker's 14 capabilities; inheritable: only CHOWN");
  });
});
