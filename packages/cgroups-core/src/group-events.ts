import type { DescriptorWatcher } from './descriptor-watcher.ts';
import { type EventSource, EventStream } from './event-stream.ts';
import { type EventState, eventsBetween, type GroupEvent, type OomKillEvent } from './events.ts';

/** How to watch a group. */
export interface EventOptions {
  /** Ends the events, with its own reason as the error. */
  signal?: AbortSignal | undefined;
  /**
   * How often to look where the kernel does not tell by itself, in milliseconds; 250 if absent. Only version 1 needs it, for
   * all but the want of memory.
   */
  pollMilliseconds?: number | undefined;
  /** Has the kernel tell of the want of memory on version 1, where it does so by eventfd(2) alone. */
  descriptors?: DescriptorWatcher | undefined;
}

/** How often to look where nothing else is said, in milliseconds. */
export const POLL_MILLISECONDS = 250;

/**
 * The events of a group, from what it is watched by.
 * @throws SystemError ENOENT when there is no such group; EMFILE, ENOSPC when the user watches too much already
 * @example
 * async function print(source: EventSource<EventState>) {
 *   for await (const { kind } of groupEvents(source)) console.log(kind);
 * }
 */
export function groupEvents(
  source: EventSource<EventState>,
  { signal, now = Date.now }: EventOptions & { now?: () => number } = {},
): EventStream<EventState, GroupEvent> {
  let lastKill: LastKill | undefined;
  let sinceKill: EventState | undefined;
  let below = 0n;
  const settle = (state: EventState): EventState => {
    const { oom, ownOom } = state;
    if (oom === undefined || ownOom === undefined) return state;
    if (oom - ownOom > below) below = oom - ownOom;
    return { ...state, ownOom: oom - below };
  };
  return new EventStream(source, {
    signal,
    between(...states) {
      // The kernel counts for the group alone first, and then for it with those below: what only the first says is told later.
      const [before, after] = [settle(states[0]), settle(states[1])];
      sinceKill ??= before;
      // Of several wants of memory the last is what a kill comes of: who is being killed may want more until it is gone.
      if (countsOwn(after) && (after.oom ?? 0n) > (before.oom ?? 0n)) sinceKill = before;
      const events: GroupEvent[] = [];
      for (const event of eventsBetween(before, after, { sinceKill })) {
        if (event.kind === 'oomKill') {
          lastKill = nextKill(event, { last: lastKill, before: sinceKill, after, at: now() });
          events.push({ ...event, limitOf: lastKill.limitOf });
          sinceKill = after;
        } else events.push(event);
      }
      // What it wanted is of no account to who comes next.
      if (countsOwn(after) && after.populated === false) sinceKill = after;
      return events;
    },
  });
}

/** Whether wants of memory tell whose limit it was, as on version 2; on version 1 that is found in other counts, which come earlier. */
function countsOwn({ ownOom }: EventState): boolean {
  return ownOom !== undefined;
}

/** A kill that was told of: whose limit it was, when, and how many groups had been killed as a whole before. */
interface LastKill {
  limitOf: OomKillEvent['limitOf'];
  groupKills: bigint | undefined;
  at: number;
}

/** So long the kernel may take from one process of a group to the next, which it also writes to the console; in milliseconds. */
const NEXT_OF_GROUP_MS = 2000;

/**
 * A kill, and whose limit it was. A group that is killed as a whole (`memory.oom.group`) has met its limit once, and its processes
 * go one by one: looked at alone, all but the first would seem to be about a limit above.
 */
function nextKill(
  { limitOf }: OomKillEvent,
  { last, before, after, at }: { last: LastKill | undefined; before: EventState; after: EventState; at: number },
): LastKill {
  const isNextOfGroup =
    last !== undefined &&
    limitOf === 'above' &&
    at - last.at < NEXT_OF_GROUP_MS &&
    (after.groupKills ?? 0n) > (last.groupKills ?? 0n);
  return isNextOfGroup ? { ...last, at } : { limitOf, at, groupKills: before.groupKills };
}

/**
 * One source of several, for a group that lies in both versions: gone when one is gone. It is populated, or frozen, when it is
 * that on one. Of a count that two know the later one is believed; put version 2 there, which need not be asked.
 * @example
 * function eventsOf(onV1: Group, onV2: Group) {
 *   return groupEvents(combineSources([onV1.eventSource(), onV2.eventSource()]));
 * }
 */
export function combineSources(sources: readonly EventSource<EventState>[]): EventSource<EventState> {
  return {
    watch(watcher) {
      const stops: (() => void)[] = [];
      const stop = (): void => {
        for (const one of stops.splice(0)) one();
      };
      try {
        for (const source of sources) stops.push(source.watch(watcher));
        return stop;
      } catch (error) {
        stop();
        throw error;
      }
    },
    read() {
      const states = sources.flatMap((source) => source.read() ?? []);
      return states.length === sources.length ? combineStates(states) : undefined;
    },
  };
}

function combineStates(states: readonly EventState[]): EventState {
  const anywhere = (name: 'populated' | 'frozen'): EventState =>
    states.some((state) => state[name] !== undefined) ? { [name]: states.some((state) => state[name]) } : {};
  return Object.assign({}, ...states, anywhere('populated'), anywhere('frozen'));
}
