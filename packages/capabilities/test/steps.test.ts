import {
  allCapabilities,
  DEFAULT_CAPABILITIES,
  dropBounding,
  keepCapabilities,
  planCapabilities,
  setCapabilities,
  setSecurebits,
  toMask,
} from '@coracle/capabilities';
import { isErrno } from '@coracle/errors';
import { AGENT_BUFFER, encode, renderStep, type Step } from '@coracle/syscalls';
import { describe, expect, test } from '@jest/globals';
import { thrownBy } from './thrown-by.ts';

const calls = (steps: readonly Step[]): string[] => steps.map(renderStep);
const DEFAULT = toMask(DEFAULT_CAPABILITIES);
const USUAL = { bounding: DEFAULT, permitted: DEFAULT, effective: DEFAULT, inheritable: 0n, ambient: 0n };
const NOTHING = { bounding: 0n, permitted: 0n, effective: 0n, inheritable: 0n, ambient: 0n };

describe('dropping from the bounding set', () => {
  test('is a call for each capability that is there and not kept', () => {
    expect(calls(dropBounding(1n, { from: 0b1011n }))).toEqual([
      'prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0)',
      'prctl(PR_CAPBSET_DROP, CAP_FOWNER, 0, 0, 0)',
    ]);
  });

  test("of Linux 5.9 and later down to Docker's 14 is 27 calls", () => {
    expect(dropBounding(DEFAULT, { from: allCapabilities() })).toHaveLength(27);
  });

  test('takes capabilities that have no name here yet, by their numbers', () => {
    const [named, nameless] = dropBounding(allCapabilities(39), { from: allCapabilities(41) });
    expect(calls(named && nameless ? [named, nameless] : [])).toEqual([
      'prctl(PR_CAPBSET_DROP, CAP_CHECKPOINT_RESTORE, 0, 0, 0)',
      'prctl(PR_CAPBSET_DROP, 41, 0, 0, 0)',
    ]);
    expect(nameless?.args[1]).toMatchObject({ value: 41 });
  });

  test('is nothing where nothing is to be taken, so that it needs no privilege', () => {
    expect(dropBounding(allCapabilities(), { from: DEFAULT })).toEqual([]);
  });
});

describe('setting the sets', () => {
  test('is one capset, and an empty ambient set', () => {
    expect(calls(setCapabilities({ ...USUAL, permitted: 33n, effective: 1n }))).toEqual([
      'capset({version: 3}, {effective: 0x1, permitted: 0x21, inheritable: 0x0})',
      'prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)',
    ]);
  });

  test('raises each ambient capability after that', () => {
    expect(calls(setCapabilities({ ...USUAL, inheritable: 33n, ambient: 33n })).slice(2)).toEqual([
      'prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0)',
      'prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0)',
    ]);
  });

  test('refuses what the kernel would refuse', () => {
    const error = thrownBy(() => setCapabilities({ ...NOTHING, effective: 1n }));
    expect(isErrno(error, 'EINVAL')).toBe(true);
  });
});

describe('a plan', () => {
  const plan = (sets: typeof USUAL, uid: number) => {
    const { before, after } = planCapabilities(sets, { uid, from: sets.bounding | (2n ** 40n) });
    return { before: calls(before), after: calls(after) };
  };
  const DROP = 'prctl(PR_CAPBSET_DROP, CAP_CHECKPOINT_RESTORE, 0, 0, 0)';
  const KEEP = 'prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)';

  test('for root drops before and sets after', () => {
    expect(plan(USUAL, 0)).toEqual({ before: [DROP], after: calls(setCapabilities(USUAL)) });
  });

  test('for another user keeps what is permitted while the user changes', () => {
    expect(plan(USUAL, 1000)).toEqual({ before: [DROP, KEEP], after: calls(setCapabilities(USUAL)) });
    expect(plan({ ...NOTHING, bounding: 1n, inheritable: 1n }, 1000).before).toEqual([DROP, KEEP]);
  });

  test('for another user without capabilities lets setresuid take them', () => {
    expect(plan({ ...NOTHING, bounding: 1n }, 1000).before).toEqual([DROP]);
  });
});

test('securebits are shown by their names', () => {
  expect(calls([setSecurebits(['SECBIT_NOROOT', 'SECBIT_NOROOT_LOCKED']), setSecurebits([])])).toEqual([
    'prctl(PR_SET_SECUREBITS, SECBIT_NOROOT|SECBIT_NOROOT_LOCKED, 0, 0, 0)',
    'prctl(PR_SET_SECUREBITS, 0, 0, 0, 0)',
  ]);
});

test('every step says what it is for, and can be encoded', () => {
  const ambient = { ...USUAL, inheritable: 1n, ambient: 1n };
  const { before, after } = planCapabilities(ambient, { uid: 1, from: allCapabilities(63) });
  const steps = [...before, keepCapabilities(), setSecurebits([]), ...after];
  expect(steps.every(({ why }) => why.length > 10)).toBe(true);
  for (const arch of ['x64', 'arm64'] as const)
    expect(encode({ steps }, { base: AGENT_BUFFER, arch }).steps).toHaveLength(steps.length);
});
