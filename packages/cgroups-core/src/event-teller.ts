import { type EventState, eventsBetween, type GroupEvent, type OomKillEvent } from './events.ts';

/**
 * Tells what happened between each look at a group and the next. Whose limit a process was killed for takes more than two looks to
 * tell, so that this remembers what came before.
 * @param now the time in milliseconds
 * @example
 * const tell = eventTeller(Date.now);
 * tell({ populated: true }, { populated: false }); // [{ kind: 'empty' }]
 */
export function eventTeller(now: () => number): (earlier: EventState, later: EventState) => GroupEvent[] {
  const settle = settler();
  let lastKill: LastKill | undefined;
  let sinceKill: EventState | undefined;
  return (earlier, later) => {
    const [before, after] = [settle(earlier), settle(later)];
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
  };
}

/** The kernel counts for the group alone first, and then for it with those below: what only the first says is told later. */
function settler(): (state: EventState) => EventState {
  let below = 0n;
  return (state) => {
    const { oom, ownOom } = state;
    if (oom === undefined || ownOom === undefined) return state;
    if (oom - ownOom > below) below = oom - ownOom;
    return { ...state, ownOom: oom - below };
  };
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
