import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { freeze, freezeBriefly, thaw } from '../src/freeze.ts';
import { type Freezer, thawTree } from '../src/freezer.ts';

describe('freeze of version 1', () => {
  test('one that settles after it was asked again needs no more', async () => {
    const { freezer, written } = fake((writes) => (writes.length < 3 ? 'FREEZING' : 'FROZEN'));
    await freeze(freezer);
    expect(written).toEqual(['FROZEN', 'FROZEN', 'FROZEN']);
  });

  test('one that stays FREEZING is let go for a moment, and then asked again', async () => {
    const { freezer, written } = fake((writes) => (writes.includes('THAWED') ? 'FROZEN' : 'FREEZING'));
    await freeze(freezer);
    expect(written).toHaveLength(27);
    expect(written.slice(-3)).toEqual(['FROZEN', 'THAWED', 'FROZEN']);
  });

  test('given up, the group is thawed, and the error is the reason of the signal', async () => {
    const [reason, controller] = [new Error('long enough'), new AbortController()];
    const { freezer, written } = fake((writes) => {
      if (writes.length === 60) controller.abort(reason);
      return 'FREEZING';
    });
    await expect(freeze(freezer, { signal: controller.signal })).rejects.toBe(reason);
    expect(written).toHaveLength(61);
    expect(written.at(-1)).toBe('THAWED');
  });

  test('who wants to kill it all the same tries for a moment, and leaves it as it is', () => {
    const { freezer, written } = fake(() => 'FREEZING');
    freezeBriefly(freezer);
    expect(written.filter((state) => state === 'THAWED')).toHaveLength(1);
    expect(written).toHaveLength(51);
    expect(written.at(-1)).toBe('FROZEN');
  });
});

describe('thaw of version 1', () => {
  test('waits until the kernel says so, and asks once', async () => {
    let looks = 0;
    const { freezer, written } = fake(() => (++looks < 4 ? 'FREEZING' : 'THAWED'));
    await thaw(freezer);
    expect([written, looks]).toEqual([['THAWED'], 4]);
  });

  test('a group above that is frozen is told of', async () => {
    const { freezer } = fake(() => 'FROZEN', { isFrozenAbove: true });
    await expect(thaw(freezer)).rejects.toMatchObject({ code: 'EBUSY', path: '/box' });
  });

  test('thawTree thaws each group below by itself', () => {
    const directory = mkdtempSync(join(tmpdir(), 'coracle-freeze-'));
    try {
      mkdirSync(join(directory, 'a'));
      for (const at of ['', 'a']) writeFileSync(join(directory, at, 'freezer.state'), '......');
      thawTree(directory, { isCgroup: () => true });
      expect(readFileSync(join(directory, 'a/freezer.state'), 'utf8')).toBe('THAWED');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

/** A freezer that answers by what was written to it. */
function fake(
  answer: (writes: readonly string[]) => string,
  { isFrozenAbove = false } = {},
): { freezer: Freezer; written: string[] } {
  const written: string[] = [];
  const freezer: Freezer = {
    directory: '/box',
    set: (state) => written.push(state),
    state: () => answer(written),
    isFrozenAbove: () => isFrozenAbove,
  };
  return { freezer, written };
}
