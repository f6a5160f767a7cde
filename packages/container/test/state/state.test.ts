import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { livingContainers, STATE_FILES, sweep } from '../../src/state/state.ts';

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
