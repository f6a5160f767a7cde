import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isErrno } from '@coracle/errors';
import { describe, expect } from '@jest/globals';
import { create, type Group, planResources, type Resources } from '../src/index.ts';
import { furtherTests } from './resources/further-tests.ts';
import { failureOf, has, on, read, someDisk, testWith } from './resources/on-this-machine.ts';

const name = `coracle-test-resources-${process.pid}`;

describe('resources on this machine', () => {
  testWith(['memory', 'cpu', 'pids'], 'an update leaves the rest alone', async () => {
    await using box = create(name, {
      pids: 20,
      memory: { max: '64m', low: '16m' },
      cpu: { shares: 512, quotaUsec: 50_000 },
    });
    const before = settingsOf(box);
    box.update({});
    expect(settingsOf(box)).toEqual(before);
    box.update({ cpu: { quotaUsec: 20_000 } });
    const after = settingsOf(box);
    const changed = Object.keys(after).filter((file) => after[file] !== before[file]);
    expect(changed).toEqual([on('cpu') === 'v1' ? 'cpu.cfs_quota_us' : 'cpu.max']);
  });

  testWith(['memory', 'cpu', 'pids'], 'a change that the kernel refuses half-way leaves all as it was', async () => {
    await using box = create(name, { pids: 20, memory: '64m', cpu: { quotaUsec: 50_000, burstUsec: 40_000 } });
    const before = settingsOf(box);
    const change = { pids: 7, memory: { max: '32m', low: '8m' }, cpu: { shares: 512, quotaUsec: 30_000 } };
    const failure = failureOf(() => box.update(change));
    expect(failure).toMatchObject({
      code: 'EINVAL',
      detail: expect.stringMatching(/put back as before: .*pids\.max/),
      suppressed: [],
    });
    expect(settingsOf(box)).toEqual(before);
  });

  testWith(['pids'], 'a group that was there before keeps its limits when it cannot be made as asked', async () => {
    await using box = create(name, { pids: 20 });
    const other = has('cpu') ? { cpu: { quotaUsec: 50_000, burstUsec: 60_000 } } : { pids: 5_000_000 };
    expect(
      isErrno(
        failureOf(() => create(name, { pids: 7, ...other })),
        'EINVAL',
      ),
    ).toBe(true);
    expect(read(box, 'pids.max')).toBe('20');
  });

  testWith(['memory'], 'memory with swap is raised and lowered again and again', async () => {
    await using box = create(name, { memory: { max: '64m', maxWithSwap: '96m' } });
    for (const [max, maxWithSwap] of [
      ['256m', '300m'],
      ['100m', '100m'],
      ['max', 'max'],
      ['64m', '64m'],
      ['65m', 'max'],
      ['32m', '33m'],
    ] as const) {
      expect(box.update({ memory: { max, maxWithSwap } })).toEqual([]);
    }
    expect(read(box, on('memory') === 'v1' ? 'memory.limit_in_bytes' : 'memory.max')).toBe(String(32 << 20));
  });

  testWith(
    ['cpu'],
    'quota, period and burst are changed in any direction, below a group that has no more',
    async () => {
      await using above = create(`${name}-above`, { cpu: { quotaUsec: 50_000, periodUsec: 100_000 } });
      await using box = create(`${name}-above/box`, { cpu: { quotaUsec: 50_000, periodUsec: 100_000 } });
      for (const [quotaUsec, periodUsec, burstUsec] of [
        [500_000, 1_000_000, 400_000],
        [1000, 2000, 1000],
        [100_000, 200_000, 0],
        [5000, 10_000, 5000],
      ] as const) {
        expect(box.update({ cpu: { quotaUsec, periodUsec, burstUsec } })).toEqual([]);
      }
      expect(above.directories.length).toBe(box.directories.length);
    },
  );

  testWith(['cpuset'], 'a group with processors of its own, and one below it, can be joined', async () => {
    await using above = create(`${name}-set`, { cpuset: { cpus: '0' } });
    await using box = create(`${name}-set/a/box`, { cpuset: { mems: '0' } });
    const sleeper = spawn('sleep', ['1000'], { stdio: 'ignore' });
    const ended = once(sleeper, 'exit');
    box.add(Number(sleeper.pid));
    expect(readFileSync(`/proc/${sleeper.pid}/status`, 'utf8')).toMatch(/^Cpus_allowed_list:\t0$/m);
    await above.killAll();
    expect(await ended).toEqual([null, 'SIGKILL']);
  });

  testWith(['cpuset'], 'processors that the group above does not have are refused with those it has', async () => {
    await using above = create(`${name}-set`, { cpuset: { cpus: '0', mems: '0' } });
    const failure = failureOf(() => create(`${name}-set/box`, { cpuset: { cpus: '1' } }));
    expect(failure).toMatchObject({ hint: 'write a list within 0', suppressed: [] });
    expect(
      above.directories.flatMap((directory) => ['box'].filter((one) => existsSync(`${directory}/${one}`))),
    ).toEqual([]);
  });

  testWith(['io'], 'a disk that is not there is named', async () => {
    const failure = failureOf(() => create(name, { io: { devices: { '4095:7': { readOpsPerSec: 5 } } } }));
    expect(isErrno(failure, 'ENODEV', 'ENXIO')).toBe(true);
    expect(String(failure)).toContain('there is no disk 4095:7');
    const planned = planResources({ name, resources: { io: {} } });
    expect(planned?.directories.filter(existsSync)).toEqual([]);
  });

  testWith(['io'], 'rates of a disk are set one by one, and lifted', async () => {
    const disk = someDisk();
    await using box = create(name, { io: { devices: { [disk]: { readBytesPerSec: '10m', writeOpsPerSec: 100 } } } });
    const rates = (): string =>
      on('io') === 'v2'
        ? read(box, 'io.max')
        : ['read_bps', 'write_iops'].map((what) => read(box, `blkio.throttle.${what}_device`)).join(' ');
    expect(rates()).toMatch(/10485760.*100/);
    box.update({ io: { devices: { [disk]: { readBytesPerSec: 'max' } } } });
    expect(rates()).toMatch(/100/);
    expect(rates()).not.toMatch(/10485760/);
    box.update({ io: { devices: { [disk]: { writeOpsPerSec: 'max' } } } });
    expect(rates().trim()).toBe('');
  });

  testWith(['hugetlb'], 'huge pages are limited, in use and reserved', async () => {
    const size = pageSize();
    await using box = create(name, { hugetlb: { [size]: '4m' } });
    const [used, reserved] = on('hugetlb') === 'v1' ? ['limit_in_bytes', 'rsvd.limit_in_bytes'] : ['max', 'rsvd.max'];
    expect(read(box, `hugetlb.${size}.${used}`)).toBe(String(4 << 20));
    expect(read(box, `hugetlb.${size}.${reserved}`)).toBe(String(4 << 20));
    box.update({ hugetlb: { [size]: { max: 'max', reservedMax: 0 } } });
    expect(read(box, `hugetlb.${size}.${reserved}`)).toBe('0');
    expect(read(box, `hugetlb.${size}.${used}`)).not.toBe(String(4 << 20));
    expect(String(failureOf(() => box.update({ hugetlb: { '3MB': 0 } })))).toContain('this kernel has no hugetlb.3MB.');
  });

  testWith(['cpu'], 'an idle group has no shares of its own until that ends', async () => {
    await using box = create(name, { cpu: { shares: 512, idle: true } });
    expect(read(box, 'cpu.idle')).toBe('1');
    expect(failureOf(() => box.update({ cpu: { shares: 1024 } }))).toMatchObject({
      code: 'EINVAL',
      hint: 'end that first: cpu.idle: false',
    });
    box.update({ cpu: { shares: 1024, idle: false } });
    expect(read(box, 'cpu.idle')).toBe('0');
  });

  testWith(['cpu'], 'a quota below the burst is refused with the burst', async () => {
    await using box = create(name, { cpu: { quotaUsec: 50_000, burstUsec: 40_000 } });
    expect(failureOf(() => box.update({ cpu: { quotaUsec: 30_000 } }))).toMatchObject({
      code: 'EINVAL',
      hint: 'lower cpu.burstUsec too',
    });
  });

  testWith(['memory'], 'a limit below what is in use is refused when it is to be checked', async () => {
    await using box = create(name, { memory: 'max' });
    const hog = spawn('bash', ['-c', 'read; x=$(head -c 4000000 /dev/zero | tr "\\0" x); echo; read'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    box.add(Number(hog.pid));
    hog.stdin.write('\n');
    await once(hog.stdout, 'data');
    const failure = failureOf(() => box.update({ memory: { max: '1m', maxWithSwap: '1m', checkBeforeUpdate: true } }));
    expect(isErrno(failure, 'EBUSY')).toBe(true);
  });

  testWith(['memory'], 'best effort puts in force what can be had and lists the rest', async () => {
    const resources: Resources = {
      memory: { max: '64m', high: '60m', swappiness: 10 },
      misc: { nothing_of_the_kind: 5 },
    };
    const wanted = has('misc') ? { memory: resources.memory ?? {} } : resources;
    await using box = create(name, wanted, { mode: 'best-effort' });
    const missing = on('memory') === 'v1' ? 'memory.high' : 'memory.swappiness';
    expect(box.leftOut.map(({ resource }) => resource).sort()).toEqual(
      [missing, ...(has('misc') ? [] : ['misc'])].sort(),
    );
    expect(read(box, on('memory') === 'v1' ? 'memory.limit_in_bytes' : 'memory.max')).toBe(String(64 << 20));
    expect(() => box.update({ memory: { high: '60m', swappiness: 10 } })).toThrow(
      expect.objectContaining({ code: 'EOPNOTSUPP', path: missing }),
    );
  });

  testWith(
    ['pids'],
    'what was not named when the group was made can only be had from a controller it has',
    async () => {
      await using box = create(name, { pids: 20 });
      if (!has('cpuset') || on('cpuset') === 'v2') return;
      expect(failureOf(() => box.update({ cpuset: { cpus: '0' } }))).toMatchObject({
        code: 'ENOENT',
        message: expect.stringContaining('the group has no directory of the controller cpuset'),
      });
    },
  );

  furtherTests(name);
});

function settingsOf({ directories }: Group): Record<string, string> {
  return Object.fromEntries(
    directories.flatMap((directory) =>
      readdirSync(directory)
        .filter((file) =>
          /^(cpu|memory|pids)\.(max|weight|shares|cfs_.*|limit_in_bytes|soft_limit_in_bytes|low|high)$/.test(file),
        )
        .map((file) => [file, readFileSync(`${directory}/${file}`, 'utf8')]),
    ),
  );
}

/** The smallest there is. */
function pageSize(): string {
  const [kilobytes = 0] = readdirSync('/sys/kernel/mm/hugepages')
    .map((one) => Number(/\d+/.exec(one)?.[0]))
    .sort((a, b) => a - b);
  return kilobytes >= 1 << 20 ? `${kilobytes >> 20}GB` : `${kilobytes >> 10}MB`;
}
