import { allCapabilities, toMask } from '@coracle/capabilities';
import { describe, expect, test } from '@jest/globals';
import { possibleCapabilities } from '../../src/oci/capabilities.ts';
import type { ConfigWarning } from '../../src/oci/config-error.ts';

const possible = (wanted: Parameters<typeof possibleCapabilities>[0], available = allCapabilities()) => {
  const warnings: ConfigWarning[] = [];
  const sets = possibleCapabilities(wanted, { available, onWarning: (warning) => void warnings.push(warning) });
  return { sets, paths: warnings.map(({ path }) => path) };
};

describe('capability sets of a configuration', () => {
  test('without any there are none', () => {
    expect(possible({}).sets).toEqual({ bounding: [], permitted: [], effective: [], inheritable: [], ambient: [] });
  });

  test('what is no capability, and what cannot be ambient, is left out and told', () => {
    const { sets, paths } = possible({
      bounding: ['CAP_KILL', 'CAP_FLY'],
      permitted: ['CAP_KILL'],
      ambient: ['CAP_KILL'],
    });
    expect(sets).toMatchObject({ bounding: ['CAP_KILL'], permitted: ['CAP_KILL'], ambient: [] });
    expect(paths).toEqual(['$.process.capabilities', '$.process.capabilities.ambient']);
  });

  test('ambient ones stay that are permitted and inheritable', () => {
    const all = ['CAP_KILL'];
    const { sets, paths } = possible({ bounding: all, permitted: all, inheritable: all, ambient: all });
    expect(sets.ambient).toEqual(all);
    expect(paths).toEqual([]);
  });

  test('one that the caller has not got to give is told of, and left out', () => {
    const both = ['CAP_KILL', 'CAP_SYS_ADMIN'];
    const wanted = { bounding: both, permitted: both, effective: both, inheritable: both, ambient: both };
    const { sets, paths } = possible(wanted, toMask(['CAP_KILL']));
    const one = ['CAP_KILL'];
    expect(sets).toEqual({ bounding: both, permitted: one, effective: one, inheritable: one, ambient: one });
    expect(paths).toEqual(['$.process.capabilities']);
  });

  test.each([
    [{ bounding: ['CAP_KILL'], effective: ['CAP_KILL'] }, 'effective', /which are not permitted/],
    [{ inheritable: ['CAP_KILL'] }, 'inheritable', /not in the bounding set/],
  ])('%j is refused', (wanted, set, message) => {
    expect(() => possible(wanted, toMask(['CAP_KILL']))).toThrow(
      expect.objectContaining({ path: `$.process.capabilities.${set}`, message: expect.stringMatching(message) }),
    );
  });
});
