import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { livingContainers, STATE_FILES } from '../../src/state/state.ts';
import { isSwept, Sweeping, sweep } from '../../src/state/sweep.ts';

test('what a container left is told of until its last cgroup can be removed', () => {
  const root = mkdtempSync(join(tmpdir(), 'state-'));
  const directory = join(root, '012345678900');
  mkdirSync(directory);
  writeFileSync(join(directory, STATE_FILES.cgroups), '/cgroup/idle\n/cgroup/busy\n');
  const tried: string[] = [];
  const removed = sweep(root, (path) => tried.push(path) > 0 && path !== '/cgroup/busy');
  expect({ tried, removed }).toEqual({ tried: ['/cgroup/idle', '/cgroup/busy'], removed: [] });
  expect(existsSync(directory)).toBe(true);
  expect(sweep(root, () => true)).toEqual(['012345678900']);
  expect(existsSync(directory)).toBe(false);
  rmSync(root, { recursive: true });
});

test('a file of a newer version among them is no container', () => {
  const root = mkdtempSync(join(tmpdir(), 'state-'));
  try {
    writeFileSync(join(root, 'register'), '');
    mkdirSync(join(root, 'box'));
    expect(livingContainers(root)).toEqual([]);
    expect(sweep(root, () => true)).toEqual(['box']);
    expect(readdirSync(root)).toEqual(['register']);
  } finally {
    rmSync(root, { recursive: true });
  }
});

describe('of a crowd that was left behind', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'state-'));
    mkdirSync(join(root, 'names'));
    for (let index = 0; index < 150; index++) {
      mkdirSync(join(root, `box-${index}`));
      symlinkSync(`gone-${index}`, join(root, 'names', `name-${index}`));
    }
  });
  afterEach(() => rmSync(root, { recursive: true }));
  const left = (): number => readdirSync(root).length - 1;

  test('a start removes some, and those that follow the rest', () => {
    const sweeping = new Sweeping(root);
    const steps = [1, 2, 3, 4].map(() => {
      sweeping.goOn(() => true);
      return left();
    });
    expect(steps).toEqual([86, 22, 0, 0]);
    expect(readdirSync(join(root, 'names'))).toHaveLength(86);
    for (let start = 0; start < 200; start++) new Sweeping(root).goOn(() => true);
    expect(readdirSync(join(root, 'names'))).toEqual([]);
  });

  test('it is noticed that there is something to be removed', () => {
    expect(isSwept(root)).toBe(false);
    sweep(root, () => true);
    expect(left()).toBe(0);
    expect(isSwept(root)).toBe(true);
    symlinkSync('gone', join(root, 'names/name'));
    expect(isSwept(root)).toBe(false);
  });
});
