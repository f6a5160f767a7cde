import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { childGroups, listProcesses, removeGroup } from '../src/index.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coracle-processes-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

test('listProcesses gives the processes of a group and of all groups below', () => {
  mkdirSync(join(directory, 'a/b'), { recursive: true });
  writeFileSync(join(directory, 'cgroup.procs'), '10\n11\n');
  writeFileSync(join(directory, 'a/cgroup.procs'), '');
  writeFileSync(join(directory, 'a/b/cgroup.procs'), '12\n');
  expect(listProcesses(directory)).toEqual([10, 11, 12]);
});

test('a process of another pid namespace, which the kernel writes as 0, is never listed: a signal to 0 hits the caller', () => {
  writeFileSync(join(directory, 'cgroup.procs'), '0\n7\n0\n');
  expect(listProcesses(directory)).toEqual([7]);
});

test('a group that is gone has no processes and no children', () => {
  expect(listProcesses(join(directory, 'gone'))).toEqual([]);
  expect(childGroups(join(directory, 'gone'))).toEqual([]);
});

test('childGroups gives directories only', () => {
  writeFileSync(join(directory, 'pids.max'), '');
  mkdirSync(join(directory, 'box'));
  expect(childGroups(directory)).toEqual([join(directory, 'box')]);
});

test('removeGroup removes a group with those below', async () => {
  mkdirSync(join(directory, 'box/a/b'), { recursive: true });
  mkdirSync(join(directory, 'box/c'));
  await removeGroup(join(directory, 'box'));
  expect(existsSync(join(directory, 'box'))).toBe(false);
});

test('removeGroup has nothing to do for a group that is gone', async () => {
  await expect(removeGroup(join(directory, 'gone'))).resolves.toBeUndefined();
});

test('removeGroup gives up at once on what waiting cannot help', async () => {
  mkdirSync(join(directory, 'box'));
  writeFileSync(join(directory, 'box/file'), '');
  await expect(removeGroup(join(directory, 'box'))).rejects.toMatchObject({ code: 'ENOTEMPTY' });
});
