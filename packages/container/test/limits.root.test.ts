import { readFileSync, rmdirSync } from 'node:fs';
import { runConfig } from '@coracle/container/config';
import { findLeftovers, needs, onlyVersion2 } from '@coracle/test-support';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { run } from '../src/index.ts';
import { baseConfig } from './oci/support/base-config.ts';
import { makeBundle } from './oci/support/bundle.ts';

/** An ordinary user can limit only what is below a group that was given to it. */
const canLimit = {
  what: 'root or a delegated cgroup (CORACLE_DELEGATED_CGROUP)',
  met: needs.root.met || process.env['CORACLE_DELEGATED_CGROUP'] !== undefined,
};

needs.describe(canLimit)('limits, on whichever version of cgroups there is', () => {
  let before: ReturnType<typeof findLeftovers>;

  beforeAll(() => {
    before = findLeftovers();
  });

  afterAll(() => {
    expect(findLeftovers()).toEqual(before);
  });

  test('a fork bomb stops at the limit on processes, and the result names the limit', async () => {
    // What follows takes no further process: bash gives up where it can have none. Its first second may be short.
    const script = ':(){ :|:& };:; while ((SECONDS < 3)); do true; done; echo alive';
    const result = await run('bash', ['-c', script], { limits: { pids: 20 } });
    expect(result.stdout).toBe('alive\n');
    expect(result.limitHit).toBe('pids');
    expect(result.stderr).toContain('Resource temporarily unavailable');
  });

  test('a program that takes too much memory is killed, and the result says so', async () => {
    const result = await run('sh', ['-c', 'head -c 100m /dev/zero | tail; exit 9'], { limits: { memory: '20m' } });
    expect(result).toMatchObject({ oomKilled: true, limitHit: 'memory' });
    expect(result.peakMemory).toBeLessThanOrEqual(20 << 20);
  });

  test('half a processor is half a processor', async () => {
    const { cpuTime, duration } = await run('sh', ['-c', 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done'], {
      limits: { cpus: 0.5 },
    });
    expect(cpuTime / duration).toBeLessThan(0.8);
  });

  test('what was used is measured', async () => {
    const { isolation, peakMemory, cpuTime } = await run(
      'sh',
      ['-c', 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done'],
      { limits: { memory: '64m' } },
    );
    expect(isolation).toMatchObject({
      limits: { pids: 2048, memory: 64 << 20, memoryWithSwap: 128 << 20 },
      missing: [],
    });
    expect(isolation.cgroup).not.toBe('none');
    expect(peakMemory).toBeGreaterThan(100_000);
    expect(peakMemory).toBeLessThan(64 << 20);
    expect(cpuTime).toBeGreaterThan(1);
  });

  test('a container sees its own limits, can’t change them, and sees no group and no process but its own', async () => {
    const look = [
      'cd /sys/fs/cgroup; cat pids.max pids/pids.max 2> /dev/null; cat memory.max memory/memory.limit_in_bytes 2> /dev/null',
      // What is in the groups, and the processes of others would be 0.
      'find . -name cgroup.procs | xargs cat | sort -u | head -n 1',
      'find . -mindepth 2 -type d; find . -writable',
      'for f in pids.max pids/pids.max; do test -e $f && echo 7 > $f; done; mkdir new pids/new',
    ];
    for (const userNamespace of needs.root.met ? (['host', 'auto'] as const) : (['auto'] as const)) {
      const limits = { memory: '64m', pids: 77 };
      const { stdout, stderr } = await run('sh', ['-c', look.join('; ')], { limits, userNamespace });
      expect(stdout).toBe(`77\n${64 << 20}\n1\n`);
      expect(stderr.match(/Read-only file system/g)?.length).toBeGreaterThanOrEqual(2);
    }
  });

  test.each([
    ['as much again', {}, 128, 64],
    ['what is said', { memoryWithSwap: '80m' }, 80, 16],
    ['none', { memoryWithSwap: '64m' }, 64, 0],
  ])('where the kernel counts swap a program with less memory may fill of it: %s', async (_, more, both, swap) => {
    const look = `cd /sys/fs/cgroup; cat memory.swap.max memory/memory.memsw.limit_in_bytes 2> /dev/null
      test ! -e /proc/swaps || grep -qw swapaccount=0 /proc/cmdline && echo uncounted`;
    const { stdout } = await run('bash', ['-c', look], { limits: { memory: '64m', ...more } });
    expect([`${both << 20}\n`, `${swap << 20}\n`, 'uncounted\n']).toContain(stdout);
  });

  test('on version 1 a program with less memory finds all that the JVM looks for before it takes a limit as its own', async () => {
    const look = `for one in memory cpu cpuacct cpuset; do grep -c "/sys/fs/cgroup/.* - cgroup .*\\b$one\\b" /proc/self/mountinfo; done
      cat /sys/fs/cgroup/cpuset/cpuset.cpus`;
    const { stdout } = await run('bash', ['-c', look], { limits: { memory: '64m' } });
    expect(stdout).toMatch(/^(?:(?:0\n){4}|(?:1\n){4}[\d,-]+\n)$/); // all of them, or on version 2 none
  });

  test('a result with a limit on memory can be written as JSON', async () => {
    const result = await run('true', [], { limits: { memory: '64m' } });
    expect(JSON.parse(JSON.stringify(result))).toMatchObject({
      exitCode: 0,
      isolation: { limits: { pids: 2048, memory: 67_108_864 } },
    });
  });

  test('limits that are lifted leave the group without them', async () => {
    const { isolation, limitHit } = await run('true', [], { limits: { pids: 'max', memory: 'max', cpus: 'max' } });
    expect(isolation.limits).toEqual({ pids: 'max', memory: 'max', cpus: 'max' });
    expect(limitHit).toBeUndefined();
  });

  needs.test(needs.root, onlyVersion2())(
    'the group of a configuration has every controller of version 2, also those that limit nothing yet',
    async () => {
      using bundle = makeBundle();
      const id = `coracle-limits-${process.pid}`;
      const config = baseConfig(`cat /mnt/${id}/box/cgroup.controllers`, {
        mounts: [{ destination: '/mnt', type: 'bind', source: '/sys/fs/cgroup', options: ['rbind', 'ro'] }],
        linux: { cgroupsPath: `/${id}/box`, resources: { pids: { limit: 20 } } },
      });
      const { stdout, stderr } = await runConfig(config, { bundle: bundle.path, id });
      rmdirSync(`/sys/fs/cgroup/${id}`);
      const words = (text: string): string[] => text.trim().split(' ').sort();
      expect(stderr).toBe('');
      expect(words(stdout)).toEqual(words(readFileSync('/sys/fs/cgroup/cgroup.controllers', 'utf8')));
    },
  );
});

needs.describe({ what: 'no right to limit anything', met: !canLimit.met })('without a cgroup', () => {
  test('a limit that was asked for is an error that says why and what helps; a mere default is reported', async () => {
    await expect(run('true', [], { limits: { memory: '64m' } })).rejects.toMatchObject({
      code: 'EOPNOTSUPP',
      hint: expect.any(String),
    });
    const { isolation } = await run('true');
    expect(isolation.missing).toEqual([{ what: 'pids', reason: expect.any(String), fix: expect.any(String) }]);
  });
});
