import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isErrno } from '@coracle/errors';
import { type ProcessEntry, readProcessTable } from '@coracle/procfs-mount';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { statLine, statusText } from './fixtures.ts';

let proc: string;
beforeEach(() => {
  proc = mkdtempSync(join(tmpdir(), 'coracle-proc-'));
  writeFileSync(join(proc, 'stat'), 'cpu  1 2 3\nbtime 1700000000\nprocesses 5\n');
  mkdirSync(join(proc, 'sys'));
});
afterEach(() => rmSync(proc, { recursive: true }));

interface Fake {
  ppid: number;
  nsPids: number[];
  namespace?: string;
  cmdline?: string;
  command?: string;
  state?: string;
  uid?: number;
  start?: number;
}

function fake(
  pid: number,
  { ppid, nsPids, namespace, cmdline = 'sh\0', command = 'sh', state = 'S', uid = 0, start = 0 }: Fake,
): void {
  const directory = join(proc, String(pid));
  mkdirSync(join(directory, 'ns'), { recursive: true });
  writeFileSync(join(directory, 'stat'), statLine(pid, { command, state, ppid, start }));
  writeFileSync(join(directory, 'status'), statusText({ uid, nsPids }));
  writeFileSync(join(directory, 'cmdline'), cmdline);
  if (namespace !== undefined) symlinkSync(`pid:[${namespace}]`, join(directory, 'ns/pid'));
}

/** A host with a monitor (50), a container (60 with 61), an exec into it (70), and a container in the container (80, 81). */
function fakeHost(): void {
  fake(1, { ppid: 0, nsPids: [1], namespace: '1' });
  fake(50, { ppid: 1, nsPids: [50], namespace: '1' });
  fake(60, { ppid: 50, nsPids: [60, 1], namespace: '2' });
  fake(61, { ppid: 60, nsPids: [61, 2], namespace: '2' });
  fake(70, { ppid: 51, nsPids: [70, 9], namespace: '2' });
  fake(80, { ppid: 61, nsPids: [80, 3, 1], namespace: '3' });
  fake(81, { ppid: 80, nsPids: [81, 4, 2], namespace: '3' });
}

const family = (entries: ProcessEntry[]): number[][] => entries.map(({ hostPid, pid, ppid }) => [hostPid, pid, ppid]);

describe('the process table', () => {
  test('of a pid namespace has the processes that share it, numbered as inside', () => {
    fakeHost();
    expect(family(readProcessTable({ proc, pidNamespaceOf: 60 }))).toEqual([
      [60, 1, 0],
      [61, 2, 1],
      [70, 9, 0],
    ]);
  });

  test('of an init has its descendants, those in inner pid namespaces too', () => {
    fakeHost();
    expect(family(readProcessTable({ proc, initPid: 60 }))).toEqual([
      [60, 1, 0],
      [61, 2, 1],
      [80, 3, 2],
      [81, 4, 3],
    ]);
  });

  test('of both has both', () => {
    fakeHost();
    const pids = readProcessTable({ proc, initPid: 60, pidNamespaceOf: 60 }).map(({ hostPid }) => hostPid);
    expect(pids).toEqual([60, 61, 70, 80, 81]);
  });

  test('of nothing in particular has all processes by their own numbers, in order', () => {
    fakeHost();
    const table = readProcessTable({ proc });
    expect(table.map(({ pid }) => pid)).toEqual([1, 50, 60, 61, 70, 80, 81]);
    expect(table.every(({ pid, hostPid }) => pid === hostPid)).toBe(true);
  });

  test('is in the order of numbers, not of names', () => {
    for (const pid of [100, 9, 20]) fake(pid, { ppid: 1, nsPids: [pid] });
    expect(readProcessTable({ proc }).map(({ pid }) => pid)).toEqual([9, 20, 100]);
  });

  test('of a container that has ended is empty', () => {
    fakeHost();
    expect(readProcessTable({ proc, pidNamespaceOf: 999 })).toEqual([]);
    expect(readProcessTable({ proc, initPid: 999 })).toEqual([]);
  });

  test('leaves out processes that may not be looked at', () => {
    fakeHost();
    fake(90, { ppid: 1, nsPids: [90] });
    expect(readProcessTable({ proc, pidNamespaceOf: 1 }).map(({ pid }) => pid)).toEqual([1, 50]);
    expect(readProcessTable({ proc, pidNamespaceOf: 90 })).toEqual([]);
  });

  test.each(['stat', 'status', 'cmdline', ''])('leaves out a process that ends while it is read (%s)', (file) => {
    fakeHost();
    rmSync(join(proc, '61', file), { recursive: true });
    expect(readProcessTable({ proc, initPid: 60 }).map(({ hostPid }) => hostPid)).not.toContain(61);
  });

  test('without a proc is an error that names it', () => {
    expect.assertions(2);
    try {
      readProcessTable({ proc: join(proc, 'absent') });
    } catch (error) {
      expect(isErrno(error, 'ENOENT')).toBe(true);
      expect(String(error)).toContain(join(proc, 'absent'));
    }
  });
});

describe('a process', () => {
  test('is described', () => {
    fake(7, {
      ppid: 1,
      nsPids: [7],
      uid: 33,
      state: 'R',
      command: 'my prog',
      cmdline: 'prog\0-x\0\0two words\0',
      start: 12345,
    });
    expect(readProcessTable({ proc })).toEqual([
      {
        pid: 7,
        hostPid: 7,
        ppid: 0,
        uid: 33,
        gid: 100,
        state: 'R',
        command: 'my prog',
        commandLine: ['prog', '-x', '', 'two words'],
        startTicks: 12345n,
        startedAt: new Date(1700000000_000 + 123_450),
        cpuUsec: 1_420_000n,
        residentBytes: 98783232n,
        threads: 11,
      },
    ]);
  });

  test.each([
    ['', []],
    ['\0', []],
    ['nginx: master process\0\0\0\0', ['nginx: master process']],
    ['no end', ['no end']],
  ])('with the command line %j has the arguments %j', (cmdline, expected) => {
    fake(7, { ppid: 1, nsPids: [7], cmdline });
    expect(readProcessTable({ proc })[0]?.commandLine).toEqual(expected);
  });
});
