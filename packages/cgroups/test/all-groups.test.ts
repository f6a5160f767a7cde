import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { allGroups } from '../src/index.ts';

const top = mkdtempSync(join(tmpdir(), 'coracle-test-'));
afterAll(() => rmSync(top, { recursive: true }));

const FILES = {
  'v1/pids/pids.current': '',
  'v1/pids/a/pids.current': '1\n',
  'v1/pids/a/b/pids.current': '2\n',
  'v1/pids/z/pids.current': '3\n',
  'v1/cpu,cpuacct/a/cpuacct.usage': '5000\n',
  'v1/cpu,cpuacct/a/cpu.stat': 'nr_periods 7\n',
  'v1/blkio/a/blkio.throttle.io_service_bytes_recursive': '8:0 Read 4096\nTotal 4096\n',
  'v2/a/cpu.stat': 'usage_usec 6\nuser_usec 4\nsystem_usec 2\n',
  'v2/only/pids.current': '9\n',
};

beforeAll(() => {
  for (const [file, text] of Object.entries(FILES)) {
    mkdirSync(join(top, dirname(file)), { recursive: true });
    writeFileSync(join(top, file), text);
  }
});

const mountinfo = [
  `30 22 0:1 / ${top}/v1/pids rw - cgroup cgroup rw,pids`,
  `31 22 0:2 / ${top}/v1/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct`,
  `32 22 0:3 / ${top}/v1/blkio rw - cgroup cgroup rw,blkio`,
  `33 22 0:4 / ${top}/v2 rw - cgroup2 cgroup2 rw`,
  `34 22 0:4 / ${top}/elsewhere rw - cgroup2 cgroup2 rw`,
  '',
].join('\n');
const facts = { mountinfo };

describe('all groups of a hybrid machine', () => {
  test('each is given once, before those below it, in the order of names', () => {
    expect([...allGroups({ facts })].map(({ path }) => path)).toEqual(['/', '/a', '/a/b', '/only', '/z']);
  });

  test('a group has the directories of the hierarchies in which it is', () => {
    const byPath = new Map([...allGroups({ facts })].map(({ path, directories }) => [path, directories]));
    expect(byPath.get('/a/b')).toEqual([`${top}/v1/pids/a/b`]);
    expect(new Set(byPath.get('/a'))).toEqual(
      new Set([`${top}/v1/pids/a`, `${top}/v1/cpu,cpuacct/a`, `${top}/v1/blkio/a`, `${top}/v2/a`]),
    );
  });

  test('its numbers come from all of them', () => {
    const [, a] = [...allGroups({ facts })];
    const { atNanoseconds: _, ...parts } = a?.stats() ?? { atNanoseconds: 0n };
    expect(parts).toMatchObject({
      cpu: { usageNanoseconds: 5000n, userNanoseconds: 4000n, systemNanoseconds: 2000n, periods: 7n },
      pids: { current: 1n },
      io: { readBytes: 4096n },
    });
    expect(a?.stats(['pids.current'])).toEqual({ atNanoseconds: expect.anything(), pids: { current: 1n } });
  });

  test('only those below a path', () => {
    const paths = (below: string): string[] => [...allGroups({ below, facts })].map(({ path }) => path);
    expect(paths('/a')).toEqual(['/a', '/a/b']);
    expect(paths('/a/')).toEqual(['/a', '/a/b']);
    expect(paths('/nowhere')).toEqual([]);
  });

  test('one that is gone since the look has no numbers, and those below it are passed over', () => {
    mkdirSync(`${top}/v2/brief/below`, { recursive: true });
    const seen = [];
    for (const group of allGroups({ facts })) {
      if (group.path === '/brief') rmSync(`${top}/v2/brief`, { recursive: true });
      seen.push([group.path, Object.keys(group.stats())]);
    }
    expect(seen).toContainEqual(['/brief', ['atNanoseconds']]);
    expect(seen.map(([path]) => path)).not.toContain('/brief/below');
  });
});

test('a machine without cgroups has no groups', () => {
  expect([...allGroups({ facts: { mountinfo: '' } })]).toEqual([]);
});
