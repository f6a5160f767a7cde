import { allCapabilities, toMask } from '@coracle/capabilities';
import { describe, expect, test } from '@jest/globals';
import { possibleCapabilities } from '../../src/oci/capabilities.ts';
import type { ConfigWarning } from '../../src/oci/config-error.ts';

const possible = (wanted: Parameters<typeof possibleCapabilities>[0], available = allCapabilities()) => {
  const warnings: ConfigWarning[] = [];
  const sets = possibleCapabilities(wanted, { available, onWarning: (warning) => void warnings.push(warning) });
  return { sets, paths: warnings.map(({ path }) => path), texts: warnings.map(({ text }) => text) };
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
    [['CAP_KILL'], 'has CAP_KILL, which is left out, as the caller does not have it'],
    [['CAP_CHOWN', 'CAP_KILL'], 'has CAP_CHOWN, CAP_KILL, which are left out, as the caller does not have them'],
    [['CAP_FLY'], 'has CAP_FLY, which is no capability and is left out'],
    [['CAP_FLY', 'CAP_SING'], 'has CAP_FLY, CAP_SING, which are not capabilities and are left out'],
  ])('%j is told in words for one or for many', (permitted, text) => {
    expect(possible({ bounding: permitted, permitted }, 0n).texts).toEqual([text]);
  });

  test.each([
    [{ bounding: ['CAP_KILL'], effective: ['CAP_KILL'] }, 'effective', /without CAP_KILL, which is not permitted/],
    [{ inheritable: ['CAP_KILL'] }, 'inheritable', /which is not in the bounding set/],
  ])('%j is refused', (wanted, set, message) => {
    expect(() => possible(wanted, toMask(['CAP_KILL']))).toThrow(
      expect.objectContaining({ path: `$.process.capabilities.${set}`, message: expect.stringMatching(message) }),
    );
  });
});
