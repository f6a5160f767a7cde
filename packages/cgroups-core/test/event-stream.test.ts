import { describe, expect, test } from '@jest/globals';
import { combineSources, type EventSource, type EventState, EventStream, type Watcher } from '../src/index.ts';

/** A counter; its events are by how much it grew. */
class Counter implements EventSource<number> {
  count: number | undefined = 0;
  watcher: Watcher | undefined;
  failure: Error | undefined;

  watch(watcher: Watcher): () => void {
    this.watcher = watcher;
    return () => {
      this.watcher = undefined;
    };
  }

  read(): number | undefined {
    if (this.failure) throw this.failure;
    return this.count;
  }

  add(amount: number): void {
    this.count = (this.count ?? 0) + amount;
    this.watcher?.changed();
  }
}

const between = (before: number, after: number): number[] => (after === before ? [] : [after - before]);
const DONE = { value: undefined, done: true };
const event = (value: number): { value: number; done: boolean } => ({ value, done: false });

describe('a stream of events', () => {
  test('gives what happens while somebody waits, and what happened before', async () => {
    const counter = new Counter();
    const stream = new EventStream(counter, { between });
    const first = stream.next();
    counter.add(2);
    expect(await first).toEqual(event(2));
    counter.add(3);
    counter.add(4);
    expect(await stream.next()).toEqual(event(7));
  });

  test('wakes nobody for a change that changed nothing', async () => {
    const counter = new Counter();
    const stream = new EventStream(counter, { between });
    const next = stream.next();
    counter.add(0);
    counter.add(1);
    expect(await next).toEqual(event(1));
  });

  test('gives those who wait one event each, in their order', async () => {
    const counter = new Counter();
    const stream = new EventStream(counter, { between });
    const waiting = [stream.next(), stream.next()];
    counter.add(1);
    counter.add(2);
    expect(await Promise.all(waiting)).toEqual([event(1), event(2)]);
  });

  test('gives several events of one change one after the other', async () => {
    const counter = new Counter();
    const stream = new EventStream(counter, { between: (before, after: number) => Array(after - before).fill('one') });
    counter.add(2);
    expect([await stream.next(), await stream.next()]).toEqual(Array(2).fill({ value: 'one', done: false }));
  });

  test('tells what it saw before its subject went, and ends then', async () => {
    const counter = new Counter();
    const stream = new EventStream(counter, { between });
    counter.add(5);
    counter.watcher?.gone();
    expect(counter.watcher).toBeUndefined();
    expect([await stream.next(), await stream.next()]).toEqual([event(5), DONE]);
  });

  test('ends when a look finds nothing any more', async () => {
    const counter = new Counter();
    const stream = new EventStream(counter, { between });
    const next = stream.next();
    counter.count = undefined;
    counter.watcher?.changed();
    expect(await next).toEqual(DONE);
    expect(counter.watcher).toBeUndefined();
  });

  test('leaving a for await lets go', async () => {
    const counter = new Counter();
    const stream = new EventStream(counter, { between });
    counter.add(1);
    for await (const amount of stream) {
      expect(amount).toBe(1);
      break;
    }
    expect(counter.watcher).toBeUndefined();
    expect(await stream.next()).toEqual(DONE);
  });

  test('return() answers those who wait, and what was not taken is not given any more', async () => {
    const counter = new Counter();
    const stream = new EventStream(counter, { between });
    const [first, second] = [stream.next(), stream.next()];
    await stream.return();
    expect(await Promise.all([first, second])).toEqual([DONE, DONE]);

    const late = new EventStream(counter, { between });
    counter.add(1);
    await late.return();
    expect(await late.next()).toEqual(DONE);
  });

  test('the signal ends it with its reason, once, waiting or not', async () => {
    for (const waits of [true, false]) {
      const counter = new Counter();
      const abort = new AbortController();
      const stream = new EventStream(counter, { between, signal: abort.signal });
      const next = waits ? stream.next() : undefined;
      abort.abort(new Error('enough'));
      await expect(next ?? stream.next()).rejects.toThrow('enough');
      expect(await stream.next()).toEqual(DONE);
      expect(counter.watcher).toBeUndefined();
    }
  });

  test('with a signal that came before, nothing is watched', () => {
    const counter = new Counter();
    const signal = AbortSignal.abort(new Error('enough'));
    expect(() => new EventStream(counter, { between, signal })).toThrow('enough');
    expect(counter.watcher).toBeUndefined();
  });

  test('a failing look ends it with the error', async () => {
    const counter = new Counter();
    const stream = new EventStream(counter, { between });
    counter.failure = new Error('not yours');
    counter.add(1);
    await expect(stream.next()).rejects.toThrow('not yours');
    expect(counter.watcher).toBeUndefined();
  });

  test('what changes between the first look and the watching is told of: it watches first', async () => {
    const counter = new Counter();
    const early: EventSource<number> = {
      watch(watcher) {
        const stop = counter.watch(watcher);
        counter.count = 3;
        return stop;
      },
      read: () => counter.read(),
    };
    const stream = new EventStream(early, { between });
    counter.add(1);
    // It began with three, and told of nothing before that.
    expect(await stream.next()).toEqual(event(1));
  });
});

describe('two sources in one', () => {
  const source = (state: EventState | undefined, stopped: string[] = [], name = ''): EventSource<EventState> => ({
    watch: () => () => stopped.push(name),
    read: () => state,
  });

  test('know together what each knows, believe the second of a count, and are populated or frozen when one is', () => {
    const both = combineSources([
      source({ oomKills: 1n, oom: 1n, populated: true, frozen: false }),
      source({ oom: 2n, populated: false, frozen: true }),
    ]);
    expect(both.read()).toEqual({ oomKills: 1n, oom: 2n, populated: true, frozen: true });
    expect(combineSources([source({ frozen: false }), source({})]).read()).toEqual({ frozen: false });
  });

  test('are gone when one is', () => {
    expect(combineSources([source(undefined), source({})]).read()).toBeUndefined();
    expect(combineSources([source({}), source(undefined)]).read()).toBeUndefined();
  });

  test('end together, and the first does when the second cannot begin', () => {
    const watcher: Watcher = { changed: () => {}, gone: () => {}, failed: () => {} };
    const stopped: string[] = [];
    combineSources([source({}, stopped, 'first'), source({}, stopped, 'second')]).watch(watcher)();
    expect(stopped).toEqual(['first', 'second']);
    const failing = {
      ...source({}),
      watch: () => {
        throw new Error('full');
      },
    };
    expect(() => combineSources([source({}, stopped, 'again'), failing]).watch(watcher)).toThrow('full');
    expect(stopped).toEqual(['first', 'second', 'again']);
  });
});
