import { readFileSync } from 'node:fs';
import { parseStat, parseStatus } from '@coracle/procfs-mount';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { KERNEL_THREAD_STATUS, STAT, STATUS, statLine } from './fixtures.ts';

describe('/proc/PID/stat', () => {
  test('is read', () => {
    expect(parseStat(STAT)).toEqual({
      pid: 5126,
      command: 'node',
      state: 'S',
      ppid: 5100,
      cpuTicks: 142n,
      threads: 11,
      startTicks: 929780n,
    });
  });

  test.each(['tmux: server', '(sd-pam)', ') R 1 (', 'a) S 2', '((', '))', '', 'line\nbreak', 'ü 日本'])(
    'of a program named %j is read',
    (command) => {
      expect(parseStat(statLine(7, { command, state: 'R', ppid: 3 }))).toMatchObject({
        pid: 7,
        command,
        state: 'R',
        ppid: 3,
      });
    },
  );

  test('is read whatever a program calls itself', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 15, unit: 'binary' }),
        fc.integer({ min: 1, max: 4194304 }),
        (command, pid) => {
          expect(parseStat(statLine(pid, { command, state: 'Z', ppid: 0 }))).toMatchObject({
            pid,
            command,
            state: 'Z',
            ppid: 0,
          });
        },
      ),
    );
  });

  test('of a machine that runs for long keeps all digits of the start time', () => {
    const text = STAT.replace('929780', '9007199254740993');
    expect(parseStat(text)?.startTicks).toBe(9007199254740993n);
  });

  test.each([
    '',
    '5126',
    '5126 (node',
    '5126 (node) S',
    STAT.slice(0, 60),
    'x (y) S 1 2',
    STAT.replace('929780', 'soon'),
  ])('that is cut off or something else (%j) is nothing', (text) => {
    expect(parseStat(text)).toBeUndefined();
  });

  test('of this process is read', () => {
    expect(parseStat(readFileSync('/proc/self/stat', 'utf8'))).toMatchObject({
      pid: process.pid,
      ppid: process.ppid,
      state: 'R',
    });
  });
});

describe('/proc/PID/status', () => {
  test('is read', () => {
    expect(parseStatus(STATUS)).toEqual({ uid: 1000, gid: 100, nsPids: [5126, 17, 1], residentBytes: 98783232n });
  });

  test('of a kernel thread, which has no memory, is read', () => {
    expect(parseStatus(KERNEL_THREAD_STATUS)).toEqual({ uid: 0, gid: 0, nsPids: [9], residentBytes: 0n });
  });

  test('of a program whose name looks like a line is not fooled', () => {
    const text = STATUS.replace('Name:\tnode', 'Name:\tx\\nUid:\t0');
    expect(parseStatus(text)?.uid).toBe(1000);
  });

  test.each(['Uid', 'Gid', 'NSpid'])('without the line %s is nothing', (line) => {
    expect(parseStatus(STATUS.replace(`${line}:`, 'Other:'))).toBeUndefined();
  });

  test('that is empty, as of a process that has just ended, is nothing', () => {
    expect(parseStatus('')).toBeUndefined();
  });

  test('of this process is read', () => {
    const status = parseStatus(readFileSync('/proc/self/status', 'utf8'));
    expect(status).toMatchObject({ uid: process.getuid?.(), gid: process.getgid?.() });
    expect(status?.nsPids[0]).toBe(process.pid);
    expect(status?.residentBytes).toBeGreaterThan(1_000_000n);
  });
});
