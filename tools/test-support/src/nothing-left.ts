import { setTimeout as wait } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { findLeftovers, type Leftovers } from './leftovers.ts';

const PATIENCE_MS = 5000;

/** Expects nothing of the containers on this machine that was not there before; other tests' containers may still end. */
export async function expectNothingLeft(before: Leftovers): Promise<void> {
  const added = (): string[] => {
    const now = findLeftovers();
    const old = new Set([...before.mounts, ...before.processes, ...before.cgroups]);
    return [...now.mounts, ...now.processes, ...now.cgroups].filter((one) => !old.has(one));
  };
  const end = Date.now() + PATIENCE_MS;
  while (added().length > 0 && Date.now() < end) await wait(20);
  expect(added()).toEqual([]);
}
