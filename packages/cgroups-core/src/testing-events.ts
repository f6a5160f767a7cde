import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { isErrno } from '@coracle/errors';
import type { GroupEvent, LifeEvent } from './events.ts';
import type { Group } from './group.ts';
import type { ConformanceDriver, ConformanceTest } from './testing.ts';
import { startBash, startSleeper } from './testing-process.ts';

const MIB = 1n << 20n;
/** Version 1 is looked at in intervals; short ones, for the tests' sake. */
const POLL_MILLISECONDS = 20;

/** What both versions tell of. */
export function eventTests(driver: ConformanceDriver): ConformanceTest[] {
  return [
    {
      title: 'events tell that a group is populated, and that it is empty again, and end when it is removed',
      needs: [],
      async body() {
        await using group = driver.create();
        await using sleeper = startSleeper();
        const events = group.events({ pollMilliseconds: POLL_MILLISECONDS });
        group.add(sleeper.pid);
        deepEqual(await events.next(), { value: { kind: 'populated' }, done: false });
        sleeper.end();
        await sleeper.signal;
        deepEqual(await events.next(), { value: { kind: 'empty' }, done: false });
        await group.delete();
        deepEqual(await events.next(), { value: undefined, done: true });
      },
    },
    {
      title: 'what happens between events() and the first next() is not missed',
      needs: [],
      async body() {
        await using group = driver.create();
        await using events = group.events({ pollMilliseconds: POLL_MILLISECONDS });
        await using sleeper = startSleeper();
        group.add(sleeper.pid);
        await new Promise((resolve) => setTimeout(resolve, 5 * POLL_MILLISECONDS));
        deepEqual(await events.next(), { value: { kind: 'populated' }, done: false });
      },
    },
    {
      title: 'a limit of processes that is met is an event with its count',
      needs: ['pids'],
      async body() {
        await using group = driver.create({ pids: 1 });
        const event = await eventIn(group, 'pidsMax', '(exit 0) & (exit 0) & read');
        ok(event.count >= 1, `met ${event.count} times`);
      },
    },
    {
      title: 'a process that wants too much memory is an event that tells whose limit it was, where the version can',
      needs: ['memory'],
      async body() {
        await using group = driver.create({ memory: 16n * MIB });
        const event = await eventIn(group, 'oomKill', GLUTTON);
        ok(event.count >= 1, `${event.count} processes`);
        const limitOf = 'limitOf' in event ? event.limitOf : 'nobody';
        ok(limitOf === 'own' || limitOf === undefined, `the limit of ${limitOf}`);
        ok((group.stats(['memory.oomKills']).memory?.oomKills ?? 0n) >= 1n, 'counted as well');
      },
    },
    {
      title: 'a limit of memory that is met is an event with its count',
      needs: ['memory'],
      async body() {
        await using group = driver.create({ memory: 16n * MIB });
        const event = await eventIn(group, 'memoryMax', GLUTTON);
        ok(event.count >= 1, `met ${event.count} times`);
      },
    },
    ...(driver.canFreeze ? [frozenTest(driver)] : []),
    {
      title: 'events end with their signal, with return(), and hold no descriptor then',
      needs: [],
      async body() {
        await using group = driver.create();
        // Node keeps one descriptor for all that is watched.
        await group.events().return();
        const before = descriptors();
        const abort = new AbortController();
        const aborted = group.events({ signal: abort.signal });
        const next = aborted.next();
        abort.abort(new Error('enough'));
        await rejects(next, /enough/);
        deepEqual(await aborted.next(), { value: undefined, done: true });
        const returned = group.events();
        const waiting = returned.next();
        await returned.return();
        deepEqual(await waiting, { value: undefined, done: true });
        equal(descriptors(), before);
      },
    },
    {
      title: 'events of a group that is not there are refused',
      needs: [],
      async body() {
        const group = driver.create();
        await group.delete();
        await rejects(
          async () => group.events(),
          (error) => isErrno(error, 'ENOENT') && String(error).includes('there is no group'),
        );
      },
    },
  ];
}

function frozenTest(driver: ConformanceDriver): ConformanceTest {
  return {
    title: 'events tell that a group is frozen, and that it goes on',
    needs: [],
    async body() {
      await using group = driver.create();
      await using sleeper = startSleeper();
      group.add(sleeper.pid);
      await using events = group.events({ pollMilliseconds: POLL_MILLISECONDS });
      await group.freeze();
      deepEqual(await events.next(), { value: { kind: 'frozen' }, done: false });
      await group.thaw();
      deepEqual(await events.next(), { value: { kind: 'thawed' }, done: false });
    },
  };
}

/** The next event of a kind; others are passed over. */
/** What a script asks for that wants 64 MiB. */
const GLUTTON = 'x=$(head -c 67108864 /dev/zero | tr "\\0" x); echo survived';

/** The first event of a kind in a group in which a script runs. */
async function eventIn(group: Group, kind: GroupEvent['kind'], script: string): Promise<Counted> {
  await using bash = startBash(script);
  group.add(bash.pid);
  await using events = group.events({ pollMilliseconds: POLL_MILLISECONDS });
  bash.start();
  return await nextOf(events, kind);
}

async function nextOf(events: AsyncIterableIterator<GroupEvent>, kind: GroupEvent['kind']): Promise<Counted> {
  for (;;) {
    const { value, done } = await events.next();
    if (done) throw new Error(`the events ended without ${kind}`);
    if (value.kind === kind && 'count' in value) return value;
  }
}

type Counted = Exclude<GroupEvent, LifeEvent>;

function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}
