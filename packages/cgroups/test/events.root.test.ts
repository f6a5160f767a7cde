import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { CgroupV2 } from '@coracle/cgroups-v2';
import { parseMountinfo } from '@coracle/mountinfo';
import { eventfd, onReady } from '@coracle/syscalls';
import { describe, expect, test } from '@jest/globals';
import { allGroups, create, detect, type Group, type GroupEvent, onPressure } from '../src/index.ts';

const machine = detect();
const name = `coracle-test-events-${process.pid}`;
const descriptors = { eventfd, onReady };
const canLimitMemory = machine.resources.memory.version;
const unified = parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8')).find(({ type }) => type === 'cgroup2');
const hasPressure = existsSync('/proc/pressure/cpu');

describe('events of a group', () => {
  testIf(canLimitMemory === 'v1', 'the v1 controller memory')(
    'on version 1 an eventfd tells of the want of memory, between looks that are an hour apart',
    async () => {
      await using box = create(name, { memory: 16n << 20n });
      await using glutton = startBash('x=$(head -c 67108864 /dev/zero | tr "\\0" x); echo survived');
      box.add(glutton.pid);
      const before = openDescriptors();
      {
        await using events = box.events({ pollMilliseconds: 3_600_000, descriptors });
        glutton.go();
        expect(await nextOf(events, 'oom')).toMatchObject({ kind: 'oom', limitOf: undefined });
      }
      expect(openDescriptors()).toBeLessThanOrEqual(before + 1);
    },
  );

  testIf(canLimitMemory === 'v1', 'the v1 controller memory')(
    'on version 1 the limit that was met is the one that had a process killed',
    async () => {
      await using outer = create(name, { memory: 48n << 20n });
      await using inner = create(`${name}/inner`, { memory: 16n << 20n });
      expect(await killIn(inner, 128)).toMatchObject({ limitOf: 'own' });
      inner.update({ memory: 'max' });
      expect(await killIn(inner, 128)).toMatchObject({ limitOf: 'above' });
      expect(outer.processes()).toEqual([]);
    },
  );

  testIf(canLimitMemory === 'v1', 'the v1 controller memory')(
    'on version 1 so is a limit on memory with swap, of which the kernel may not count how often it is met',
    async () => {
      await using outer = create(name, { memory: { max: '48m', maxWithSwap: '48m' } });
      await using inner = create(`${name}/inner`, { memory: { max: '16m', maxWithSwap: '16m' } });
      expect(await killIn(inner, 128)).toMatchObject({ limitOf: 'own' });
      inner.update({ memory: { max: 'max', maxWithSwap: 'max' } });
      expect(await killIn(inner, 128)).toMatchObject({ limitOf: 'above' });
      expect(outer.processes()).toEqual([]);
    },
  );

  testIf(canLimitMemory === 'v2', 'the v2 controller memory')(
    'a group hears of the limit below it, and the one below of the limit above',
    async () => {
      await using outer = create(name, { memory: 24n << 20n });
      await using inner = create(`${name}/inner`, { memory: 8n << 20n });
      await using outside = outer.events();
      expect(await killIn(inner, 48)).toMatchObject({ limitOf: 'own' });
      expect(await nextOf(outside, 'oomKill')).toMatchObject({ limitOf: 'below' });
      inner.update({ memory: 'max' });
      expect(await killIn(inner, 48)).toMatchObject({ limitOf: 'above' });
      expect(await nextOf(outside, 'oomKill')).toMatchObject({ limitOf: 'own' });
    },
  );

  testIf(canLimitMemory === 'v2', 'the v2 controller memory')(
    'on version 2 the kernel tells that processes are slowed down, and of the want of memory, with whose limit it was',
    async () => {
      await using box = create(name, { memory: { high: 8n << 20n } });
      await using glutton = startBash('x=$(head -c 33554432 /dev/zero | tr "\\0" x); read; echo survived');
      box.add(glutton.pid);
      await using events = box.events();
      glutton.go();
      expect(await nextOf(events, 'memoryHigh')).toEqual({ kind: 'memoryHigh', count: expect.any(Number) });
      box.update({ memory: { high: 'max', max: 4n << 20n } });
      expect(await nextOf(events, 'oom')).toMatchObject({ kind: 'oom', limitOf: 'own' });
    },
  );

  testIf(unified !== undefined && isWritable(), 'cgroup v2, mounted and writable')(
    'on version 2 a freeze and a thaw are told of',
    async () => {
      await using sleeper = startBash('read');
      const directory = `${unified?.mountPoint}/${name}`;
      await using box = CgroupV2.create({ parent: `${unified?.mountPoint}`, name });
      box.add(sleeper.pid);
      await using events = box.events();
      writeFileSync(`${directory}/cgroup.freeze`, '1');
      expect((await events.next()).value).toEqual({ kind: 'frozen' });
      writeFileSync(`${directory}/cgroup.freeze`, '0');
      expect((await events.next()).value).toEqual({ kind: 'thawed' });
    },
  );

  testIf(unified !== undefined && isWritable(), 'cgroup v2, mounted and writable')(
    'a group that somebody else made is found, counted and heard of, until he removes it',
    async () => {
      const made = CgroupV2.create({ parent: `${unified?.mountPoint}`, name });
      try {
        const [found] = [...allGroups({ below: `/${name}` })];
        expect(found).toMatchObject({ path: `/${name}` });
        expect(found?.directories).toContain(`${unified?.mountPoint}/${name}`);
        expect(found?.stats(['cpu']).cpu?.usageNanoseconds).toBe(0n);
        const events = found?.events();
        await made.delete();
        expect(await events?.next()).toEqual({ value: undefined, done: true });
      } finally {
        await made.delete();
      }
    },
  );
});

describe('pressure', () => {
  // The shortest window that the kernel takes from everybody.
  const trigger = { resource: 'cpu', share: 'some', stallMilliseconds: 50, windowMilliseconds: 2000 } as const;

  for (const [title, how] of [
    ['by the kernel, told through a descriptor', { descriptors }],
    ['by looking once a window', {}],
  ] as const) {
    testIf(hasPressure && unified !== undefined && isWritable(), 'cgroup v2, mounted and writable, with pressure')(
      `processes that wait for processors are told of: ${title}`,
      async () => {
        await using box = CgroupV2.create({ parent: `${unified?.mountPoint}`, name });
        await using crowd = startBash('for i in {1..6}; do while :; do :; done & done; wait');
        box.add(crowd.pid);
        // Node's own descriptors for what is watched are there from now on.
        await box.events().return();
        const before = openDescriptors();
        {
          await using stalls = onPressure(box, { ...trigger, ...how });
          crowd.go();
          const told = [await stalls.next(), await stalls.next()];
          expect(told).toEqual([expect.objectContaining({ done: false }), expect.objectContaining({ done: false })]);
          // Of both, for the kernel counts for its triggers apart from the file, and for the first from an earlier moment.
          const stalled = told.reduce((sum, { value }) => sum + (value?.stalledNanoseconds ?? 0n), 0n);
          expect(stalled).toBeGreaterThanOrEqual(100_000_000n);
        }
        await box.killAll();
        expect(openDescriptors()).toBeLessThanOrEqual(before);
      },
    );

    testIf(hasPressure && unified !== undefined && isWritable(), 'cgroup v2, mounted and writable, with pressure')(
      `a group that is removed ends it: ${title}`,
      async () => {
        const box = CgroupV2.create({ parent: `${unified?.mountPoint}`, name });
        const stalls = onPressure(box, { ...trigger, ...how });
        await box.delete();
        expect(await stalls.next()).toEqual({ value: undefined, done: true });
      },
    );
  }

  test('a trigger that cannot be met is refused, with what can be', () => {
    expect(() => onPressure('machine', { ...trigger, windowMilliseconds: 100 })).toThrow(
      expect.objectContaining({ code: 'EINVAL', hint: expect.stringContaining('500 to 10000') }),
    );
  });

  test('what is not measured is named', () => {
    expect(() => onPressure({ directories: ['/nowhere'] }, trigger)).toThrow(
      expect.objectContaining({
        code: 'EOPNOTSUPP',
        path: '/nowhere/cpu.pressure',
        hint: expect.stringContaining('psi=1'),
      }),
    );
  });
});

/** A test that says what the machine lacks when it is skipped. */
function testIf(met: boolean, what: string): (title: string, body: () => void | Promise<void>) => void {
  return (title, body) => {
    if (met) test(title, body, 90_000);
    else test.skip(`${title} (skipped: needs ${what})`, body);
  };
}

function isWritable(): boolean {
  return process.geteuid?.() === 0;
}

/** Has a process of the group fill so much memory that it is killed; resolves with what the group tells, once all there are gone. */
async function killIn(group: Group, megabytes: number): Promise<GroupEvent> {
  await using events = group.events({ pollMilliseconds: 20 });
  const kill = await told();
  // Who was killed had children.
  if (group.processes().length > 0) await nextOf(events, 'empty');
  return kill;

  async function told(): Promise<GroupEvent> {
    await using glutton = startBash(`x=$(head -c ${megabytes << 20} /dev/zero | tr "\\0" x); echo survived`);
    group.add(glutton.pid);
    glutton.go();
    return await nextOf(events, 'oomKill');
  }
}

async function nextOf(events: ReturnType<Group['events']>, kind: GroupEvent['kind']): Promise<GroupEvent> {
  for await (const event of { [Symbol.asyncIterator]: () => ({ next: () => events.next() }) }) {
    if (event.kind === kind) return event;
  }
  throw new Error(`the events ended without ${kind}`);
}

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

/** A bash that waits for a line before it begins; killed at the end of the scope. */
function startBash(script: string): { pid: number; go(): void } & AsyncDisposable {
  const child: ChildProcess = spawn('bash', ['-c', `read; ${script}`], { stdio: ['pipe', 'ignore', 'ignore'] });
  const ended = once(child, 'exit');
  return {
    pid: child.pid ?? 0,
    go: () => child.stdin?.write('\n'),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
