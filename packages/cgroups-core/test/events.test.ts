import { expect, test } from '@jest/globals';
import { type EventState, eventsBetween, groupEvents, type Watcher } from '../src/index.ts';

test.each<[string, EventState, EventState, unknown[]]>([
  ['nothing', { populated: true, oom: 3n }, { populated: true, oom: 3n }, []],
  ['the first process', { populated: false }, { populated: true }, [{ kind: 'populated' }]],
  ['the last process', { populated: true }, { populated: false }, [{ kind: 'empty' }]],
  ['a freeze', { frozen: false }, { frozen: true }, [{ kind: 'frozen' }]],
  ['a thaw', { frozen: true }, { frozen: false }, [{ kind: 'thawed' }]],
  [
    'limits met',
    { pidsMax: 1n, memoryMax: 0n },
    { pidsMax: 4n, memoryMax: 1n },
    [
      { kind: 'memoryMax', count: 1 },
      { kind: 'pidsMax', count: 3 },
    ],
  ],
  ['memory.high met', { memoryHigh: 0n }, { memoryHigh: 2n }, [{ kind: 'memoryHigh', count: 2 }]],
  ['a counter that is new', {}, { pidsMax: 0n, populated: true }, []],
  ['a counter that is gone', { pidsMax: 3n, populated: true }, {}, []],
])('%s', (_, before, after, events) => {
  expect(eventsBetween(before, after)).toEqual(events);
});

const CALM: EventState = { oom: 5n, ownOom: 2n, oomKills: 3n };

test.each<[string, EventState, string | undefined]>([
  ['its own limit', { oom: 6n, ownOom: 3n, oomKills: 4n }, 'own'],
  ['the limit of a group below', { oom: 6n, ownOom: 2n, oomKills: 4n }, 'below'],
  ['a limit above it, of which it hears only the kill', { oom: 5n, ownOom: 2n, oomKills: 4n }, 'above'],
])('a kill because of %s', (_, after, limitOf) => {
  const kill = eventsBetween(CALM, after).find(({ kind }) => kind === 'oomKill');
  expect(kill).toEqual({ kind: 'oomKill', count: 1, limitOf });
});

test.each([
  ['its own limit was met', { ownFailures: 9n, failuresAbove: 3n }, 'own'],
  ['a limit above was met', { ownFailures: 8n, failuresAbove: 4n }, 'above'],
  ['none was met: the machine had no more', { ownFailures: 8n, failuresAbove: 3n }, 'above'],
  ['both were met', { ownFailures: 9n, failuresAbove: 4n }, undefined],
  ['its own was met at some time', { ownFailures: 8n, failuresAbove: 3n, ownFull: true, fullAbove: false }, 'own'],
  ['one above was met at some time', { ownFailures: 8n, failuresAbove: 3n, ownFull: false, fullAbove: true }, 'above'],
  [
    'its own was met at some time, one above just now',
    { ownFailures: 8n, failuresAbove: 4n, ownFull: true },
    undefined,
  ],
])('a kill on version 1, when %s', (_, failures, limitOf) => {
  const before = { oomKills: 0n, ownFailures: 8n, failuresAbove: 3n };
  expect(eventsBetween(before, { oomKills: 2n, ...failures })).toEqual([{ kind: 'oomKill', count: 2, limitOf }]);
});

test('a kill in a group of which nobody counts how often a limit was met', () => {
  expect(eventsBetween({ oomKills: 0n }, { oomKills: 2n })).toEqual([
    { kind: 'oomKill', count: 2, limitOf: undefined },
  ]);
});

test('the want of memory is about the own limit also when the kernel is seen between its two counts', async () => {
  const group = new FakeGroup({ ...CALM, oom: 5n, ownOom: 2n });
  await using events = groupEvents(group);
  group.become({ ...CALM, oom: 5n, ownOom: 3n, memoryMax: 90n });
  expect((await events.next()).value).toMatchObject({ kind: 'memoryMax' });
  group.become({ ...CALM, oom: 6n, ownOom: 3n, memoryMax: 90n });
  expect((await events.next()).value).toEqual({ kind: 'oom', count: 1, limitOf: 'own' });
  group.become({ ...CALM, oom: 7n, ownOom: 3n, memoryMax: 90n });
  expect((await events.next()).value).toEqual({ kind: 'oom', count: 1, limitOf: 'below' });
});

test('the want of memory and the kill that came of it belong together, although the kernel tells of them one by one', async () => {
  const group = new FakeGroup(CALM);
  await using events = groupEvents(group);
  group.become({ oom: 6n, ownOom: 3n, oomKills: 3n });
  expect((await events.next()).value).toEqual({ kind: 'oom', count: 1, limitOf: 'own' });
  group.become({ oom: 6n, ownOom: 3n, oomKills: 4n });
  expect((await events.next()).value).toEqual({ kind: 'oomKill', count: 1, limitOf: 'own' });
  // The next kill has no want of memory of its own.
  group.become({ oom: 6n, ownOom: 3n, oomKills: 5n });
  expect((await events.next()).value).toEqual({ kind: 'oomKill', count: 1, limitOf: 'above' });
});

test('what a killed process wanted until it was gone says nothing of the next kill', async () => {
  const group = new FakeGroup({ ...CALM, populated: true });
  await using events = groupEvents(group);
  const become = async (state: EventState, count: number): Promise<unknown[]> => {
    group.become({ populated: true, ...state });
    const told: unknown[] = [];
    for (let index = 0; index < count; index++) told.push((await events.next()).value);
    return told;
  };
  const kill = (limitOf: string) => [{ kind: 'oomKill', count: 1, limitOf }];
  await become({ oom: 6n, ownOom: 3n, oomKills: 4n }, 2);
  expect(await become({ oom: 8n, ownOom: 5n, oomKills: 4n }, 1)).toEqual([{ kind: 'oom', count: 2, limitOf: 'own' }]);
  // A limit below is met, and then its process is killed.
  await become({ oom: 9n, ownOom: 5n, oomKills: 4n }, 1);
  expect(await become({ oom: 9n, ownOom: 5n, oomKills: 5n }, 1)).toEqual(kill('below'));
  await become({ oom: 10n, ownOom: 6n, oomKills: 5n }, 1);
  expect(await become({ oom: 10n, ownOom: 6n, oomKills: 5n, populated: false }, 1)).toEqual([{ kind: 'empty' }]);
  await become({ oom: 10n, ownOom: 6n, oomKills: 5n }, 1);
  expect(await become({ oom: 10n, ownOom: 6n, oomKills: 6n }, 1)).toEqual(kill('above'));
});

test('the processes of a group that is killed as a whole go one by one, and all because of the same limit', async () => {
  const group = new FakeGroup({ ...CALM, groupKills: 4n });
  let now = 0;
  await using events = groupEvents(group, { now: () => now });
  const kill = async (state: EventState): Promise<unknown> => {
    group.become(state);
    for (;;) {
      const { value } = await events.next();
      if (value.kind === 'oomKill') return value;
    }
  };
  const limitMet = { ...CALM, oom: 6n, ownOom: 3n };
  expect(await kill({ ...limitMet, oomKills: 4n, groupKills: 4n })).toMatchObject({ limitOf: 'own' });
  expect(await kill({ ...limitMet, oomKills: 6n, groupKills: 5n })).toMatchObject({ count: 2, limitOf: 'own' });
  now += 1000;
  expect(await kill({ ...limitMet, oomKills: 7n, groupKills: 5n })).toMatchObject({ count: 1, limitOf: 'own' });
  // Much later it is another want of memory, and none of the group's.
  now += 60_000;
  expect(await kill({ ...limitMet, oomKills: 8n, groupKills: 5n })).toMatchObject({ limitOf: 'above' });
});

/** A source whose state the test sets. */
class FakeGroup {
  #state: EventState;
  #watcher: Watcher | undefined;

  constructor(state: EventState) {
    this.#state = state;
  }

  watch(watcher: Watcher): () => void {
    this.#watcher = watcher;
    return () => {
      this.#watcher = undefined;
    };
  }

  read(): EventState {
    return this.#state;
  }

  become(state: EventState): void {
    this.#state = state;
    this.#watcher?.changed();
  }
}
