import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { needs } from '@coracle/test-support';
import { expect } from '@jest/globals';
import { commandInside, create, type Resources } from '../../src/index.ts';
import { failureOf, on, read, someDisk, testWith } from './on-this-machine.ts';

/** The kernel refuses it, after all that comes before it. */
const NOT_COUNTED = { nothing_of_the_kind: 1 };
const RDMA = '/sys/class/infiniband';

/** Of the controllers that few machines have: the virtual one has them, on each version in a run of its own. */
export function furtherTests(name: string): void {
  testWith(['net_cls'], 'packets are marked with a class', async () => {
    await using box = create(name, { network: { classId: 0x10_0001 } });
    expect(read(box, 'net_cls.classid')).toBe(String(0x10_0001));
    box.update({ network: { classId: 0 } });
    expect(read(box, 'net_cls.classid')).toBe('0');
  });

  testWith(['net_prio'], 'packets get a priority at each interface; one that is not there is named', async () => {
    await using box = create(name, { network: { priorities: { lo: 5 } } });
    expect(read(box, 'net_prio.ifpriomap')).toMatch(/^lo 5$/m);
    expect(failureOf(() => box.update({ network: { priorities: { lo: 6, none0: 1 } } }))).toMatchObject({
      code: 'ENODEV',
      message: expect.stringContaining('there is no interface none0'),
      detail: expect.stringContaining('put back as before: net_prio.ifpriomap'),
    });
    expect(read(box, 'net_prio.ifpriomap')).toMatch(/^lo 5$/m);
  });

  testWith(['rdma'], 'an RDMA device that is not there is named', async () => {
    expect(failureOf(() => create(name, { rdma: { none_0: { handles: 1 } } }))).toMatchObject({
      message: expect.stringContaining('there is no RDMA device none_0'),
    });
  });

  testWith(
    ['rdma'],
    'handles and objects of an RDMA device are limited one by one, and lifted',
    async () => {
      const [device = ''] = readdirSync(RDMA);
      await using box = create(name, { rdma: { [device]: { handles: 5 } } });
      expect(read(box, 'rdma.max')).toContain(`${device} hca_handle=5 hca_object=max`);
      box.update({ rdma: { [device]: { objects: 7 } } });
      expect(read(box, 'rdma.max')).toContain(`${device} hca_handle=5 hca_object=7`);
      expect(box.stats(['rdma']).rdma?.[device]).toBeDefined();
      box.update({ rdma: { [device]: { handles: 'max', objects: 'max' } } });
      expect(read(box, 'rdma.max')).toContain(`${device} hca_handle=max hca_object=max`);
    },
    { what: 'an RDMA device', met: hasRdmaDevice() },
  );

  testWith(
    ['cpu'],
    'real-time work is possible where it is given, and cannot be taken from under it',
    async () => {
      await using box = create(name, { cpu: { realtimePeriodUsec: 500_000, realtimeRuntimeUsec: 20_000 } });
      expect([read(box, 'cpu.rt_period_us'), read(box, 'cpu.rt_runtime_us')]).toEqual(['500000', '20000']);
      const [command, ...args] = commandInside(box, ['chrt', '-f', '1', 'sleep', '1000']);
      const worker = spawn(command, args, { stdio: 'ignore' });
      const ended = once(worker, 'exit');
      await until(() => spawnSync('chrt', ['-p', `${worker.pid}`], { encoding: 'utf8' }).stdout.includes('FIFO'));
      expect(failureOf(() => box.update({ cpu: { realtimeRuntimeUsec: 0 } }))).toMatchObject({
        code: 'EBUSY',
        hint: expect.stringContaining('chrt -o'),
      });
      await box.killAll();
      await ended;
      // A group keeps its place of real time until the kernel has done with who was in it.
      await until(() => !isFailing(() => box.update({ cpu: { realtimeRuntimeUsec: 0 } })));
      const [again, ...words] = commandInside(box, ['chrt', '-f', '1', 'true']);
      expect(spawnSync(again, words).status).not.toBe(0);
    },
    { what: 'a kernel with CONFIG_RT_GROUP_SCHED, and version 1', met: hasFile('cpu', 'v1', 'cpu.rt_runtime_us') },
    needs.program('chrt'),
  );

  testWith(
    ['cpu', 'misc'],
    'the clock rate that processes ask for has a least and a highest, which are put back and lifted',
    async () => {
      await using box = create(name, { cpu: { uclampMin: 10, uclampMax: 50.5 }, misc: {} });
      const clamps = (): string[] => [read(box, 'cpu.uclamp.min'), read(box, 'cpu.uclamp.max')];
      expect(clamps()).toEqual(['10.00', '50.50']);
      const [command, ...args] = commandInside(box, ['cat', '/proc/self/sched']);
      const { stdout } = spawnSync(command, args, { encoding: 'utf8' });
      // In parts of 1024; only a kernel with CONFIG_SCHED_DEBUG shows it.
      if (stdout.includes('uclamp')) {
        expect(stdout).toMatch(/^effective uclamp\.min\s*:\s*102$/m);
        expect(stdout).toMatch(/^effective uclamp\.max\s*:\s*517$/m);
      }
      const failure = failureOf(() => box.update({ cpu: { uclampMin: 20, uclampMax: 40 }, misc: NOT_COUNTED }));
      expect(failure).toMatchObject({
        code: 'EINVAL',
        detail: expect.stringMatching(/put back as before: cpu\.uclamp\.max, cpu\.uclamp\.min$/),
      });
      expect(clamps()).toEqual(['10.00', '50.50']);
      for (const uclampMin of [-1, 100.5, 1.234])
        expect(failureOf(() => box.update({ cpu: { uclampMin } }))).toMatchObject({
          code: 'EINVAL',
          path: 'cpu.uclampMin',
          hint: expect.stringContaining('from 0 to 100 with at most two decimals'),
        });
      box.update({ cpu: { uclampMin: 0, uclampMax: 'max' } });
      expect(clamps()).toEqual(['0.00', 'max']);
    },
    { what: 'a kernel with CONFIG_UCLAMP_TASK_GROUP, and version 2', met: hasFile('cpu', 'v2', 'cpu.uclamp.min') },
  );

  testWith(
    ['io', 'misc'],
    'others wait while the disk takes longer than it may for the group, until that is lifted',
    async () => {
      const disk = someDisk();
      const within = (latencyUsec: number | 'max'): Resources => ({ io: { devices: { [disk]: { latencyUsec } } } });
      await using box = create(name, { ...within(75_000), misc: {} });
      expect(read(box, 'io.latency')).toBe(`${disk} target=75000`);
      for (const latencyUsec of [10_000, 'max'] as const) {
        const failure = failureOf(() => box.update({ ...within(latencyUsec), misc: NOT_COUNTED }));
        expect(failure).toMatchObject({ detail: expect.stringMatching(/put back as before: io\.latency$/) });
        expect(read(box, 'io.latency')).toBe(`${disk} target=75000`);
      }
      expect(failureOf(() => box.update({ io: { devices: { '4095:7': { latencyUsec: 5 } } } }))).toMatchObject({
        code: 'ENODEV',
        message: expect.stringContaining('there is no disk 4095:7'),
      });
      expect(failureOf(() => box.update(within(0)))).toMatchObject({
        code: 'EINVAL',
        path: `io.devices['${disk}'].latencyUsec`,
      });
      box.update({ io: { devices: { [disk]: { latencyUsec: 'max' } } } });
      expect(read(box, 'io.latency')).toBe('');
    },
    { what: 'a kernel with CONFIG_BLK_CGROUP_IOLATENCY, and version 2', met: hasFile('io', 'v2', 'io.latency') },
  );

  testWith(['misc'], 'what the machine does not count is refused with what it does', async () => {
    expect(failureOf(() => create(name, { misc: { nothing_of_the_kind: 1 } }))).toMatchObject({
      code: 'EINVAL',
      message: expect.stringContaining('this machine does not count nothing_of_the_kind'),
      hint: expect.stringContaining('there is: '),
    });
  });

  testWith(
    ['misc'],
    'what the machine counts beside is limited, and lifted',
    async () => {
      const [one = ''] = counted();
      await using box = create(name, { misc: { [one]: 1 } });
      expect(read(box, 'misc.max')).toContain(`${one} 1`);
      expect(box.stats(['misc']).misc?.[one]).toMatchObject({ current: 0n, limitHits: 0n });
      expect(failureOf(() => box.update({ misc: { [one]: 2, ...NOT_COUNTED } }))).toMatchObject({
        code: 'EINVAL',
        hint: expect.stringContaining(one),
        detail: expect.stringContaining('put back as before: misc.max'),
      });
      expect(read(box, 'misc.max')).toContain(`${one} 1`);
      box.update({ misc: { [one]: 'max' } });
      expect(read(box, 'misc.max')).toContain(`${one} max`);
    },
    { what: 'something that the controller misc counts, such as encrypted machines', met: counted().length > 0 },
  );
}

/** Whether groups have a file: one that is made to see has it, or not. */
function hasFile(controller: 'cpu' | 'io', version: 'v1' | 'v2', file: string): boolean {
  if (on(controller) !== version) return false;
  const { directories } = create(`coracle-test-look-${process.pid}`, { [controller]: {} });
  const isThere = directories.some((directory) => existsSync(`${directory}/${file}`));
  for (const directory of directories) rmdirSync(directory);
  return isThere;
}

async function until(isSo: () => boolean): Promise<void> {
  const end = Date.now() + 30_000;
  while (!isSo() && Date.now() < end) await sleep(20);
}

function isFailing(action: () => unknown): boolean {
  try {
    action();
    return false;
  } catch {
    return true;
  }
}

/** In the virtual machine, whose kernel is the test's own, one is made of the loopback interface. */
function hasRdmaDevice(): boolean {
  const isThere = (): boolean => existsSync(RDMA) && readdirSync(RDMA).length > 0;
  if (!isThere() && process.geteuid?.() === 0 && readFileSync('/proc/cpuinfo', 'utf8').includes('QEMU')) {
    spawnSync('sh', ['-c', 'modprobe rdma_rxe && rdma link add rxe0 type rxe netdev lo']);
  }
  return isThere();
}

function counted(): string[] {
  const path = on('misc') === 'v2' ? '/sys/fs/cgroup/misc.capacity' : '/sys/fs/cgroup/misc/misc.capacity';
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
  return lines.flatMap((line) => line.split(' ')[0] ?? []);
}
