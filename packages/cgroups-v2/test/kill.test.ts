import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { CgroupV2 } from '../src/index.ts';

const PID = 4711;
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coracle-kill-'));
  put('cgroup.events', 'populated 1\nfrozen 0\n');
  put('cgroup.procs', `${PID}\n`);
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(directory, { recursive: true, force: true });
});

describe('killAll', () => {
  test('is one write where the kernel can kill a group', async () => {
    put('cgroup.freeze', '-');
    put('cgroup.kill', '-');
    const kill = jest.spyOn(process, 'kill').mockReturnValue(true);
    const ended = group().killAll();
    empty();
    await ended;
    expect([text('cgroup.kill'), text('cgroup.freeze')]).toEqual(['1', '-']);
    expect(kill).not.toHaveBeenCalled();
  });

  test('before Linux 5.14: freezes, kills each, and thaws', async () => {
    put('cgroup.freeze', '-');
    const seen: unknown[] = [];
    mockKill((pid, signal) => seen.push(pid, signal, text('cgroup.freeze')));
    await group().killAll();
    expect(seen).toEqual([PID, 'SIGKILL', '1']);
    expect(text('cgroup.freeze')).toBe('0');
  });

  test('before Linux 5.2, which cannot freeze: kills each all the same', async () => {
    const seen: unknown[] = [];
    mockKill((pid) => seen.push(pid));
    await group().killAll();
    expect(seen).toEqual([PID]);
  });

  test('what may not be killed does not stay frozen', async () => {
    put('cgroup.freeze', '-');
    jest.spyOn(process, 'kill').mockImplementation(() => {
      throw Object.assign(new Error('not yours'), { code: 'EPERM' });
    });
    await expect(group().killAll()).rejects.toMatchObject({ code: 'EPERM' });
    expect(text('cgroup.freeze')).toBe('0');
  });

  test('a group that is gone is empty', async () => {
    rmSync(directory, { recursive: true });
    await expect(group().killAll()).resolves.toBeUndefined();
  });
});

function group(): CgroupV2 {
  return CgroupV2.open(directory, { isCgroup: () => true });
}

/** After the first kill the group is empty. */
function mockKill(look: (pid: number, signal: unknown) => void): void {
  jest.spyOn(process, 'kill').mockImplementation((pid, signal) => {
    look(pid, signal);
    empty();
    return true;
  });
}

function empty(): void {
  put('cgroup.events', 'populated 0\nfrozen 0\n');
  put('cgroup.procs', '');
}

function put(file: string, value: string): void {
  writeFileSync(join(directory, file), value);
}

function text(file: string): string {
  return readFileSync(join(directory, file), 'utf8');
}
