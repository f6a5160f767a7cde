import type { DescriptorWatcher } from './descriptor-watcher.ts';
import { type EventSource, EventStream } from './event-stream.ts';
import { eventTeller } from './event-teller.ts';
import type { EventState, GroupEvent } from './events.ts';

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
  return new EventStream(source, { signal, between: eventTeller(now) });
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
