import { present } from './stats-text.ts';

/**
 * Something that happened to a group.
 * @example
 * for await (const event of group.events()) if (event.kind === 'oomKill') console.log(event.count, event.limitOf);
 */
export type GroupEvent = LifeEvent | OomEvent | OomKillEvent | CountedEvent;

/** The first process came, the last one went; all are frozen, or go on. Counts the groups below. */
export interface LifeEvent {
  kind: 'populated' | 'empty' | 'frozen' | 'thawed';
}

/** Memory could not be had within a limit. */
export interface OomEvent {
  kind: 'oom';
  /** How often since the last event of the kind. */
  count: number;
  /** Whose limit it was: the group's own, or one of a group below. `undefined` where the kernel does not tell. */
  limitOf: 'own' | 'below' | undefined;
}

/** Processes of the group were killed for want of memory. */
export interface OomKillEvent {
  kind: 'oomKill';
  /** How many since the last event of the kind. */
  count: number;
  /**
   * Whose limit had them killed: the group's own, one of a group below, or one above (a group's, or all the memory of the
   * machine). Version 1 does not say it of a kill; it is the one whose limit was met meanwhile, `undefined` when that is true of
   * both, and never one of a group below, whose kills it does not count. Of a limit on memory with swap newer kernels do not say
   * when it was met, only that it was.
   */
  limitOf: 'own' | 'below' | 'above' | undefined;
}

/** A limit was met: `memory.high`, the limit of memory, or that of processes. */
export interface CountedEvent {
  kind: 'memoryHigh' | 'memoryMax' | 'pidsMax';
  /** How often since the last event of the kind. */
  count: number;
}

/** What the kernel says of a group at one moment; what it does not say is absent. The counters never go back. */
export interface EventState {
  populated?: boolean;
  frozen?: boolean;
  oom?: bigint;
  /** Those of `oom` that were about the limit of the group itself. */
  ownOom?: bigint;
  oomKills?: bigint;
  /** How often the group or one below was killed as a whole, of which `oomKills` counts each process. */
  groupKills?: bigint;
  /** How often the limits of the group itself, and those of the groups above, were met; where kills are not told apart. */
  ownFailures?: bigint;
  failuresAbove?: bigint;
  /** Whether the group itself, and one above, has ever been at a limit whose failures the kernel does not count. */
  ownFull?: boolean;
  fullAbove?: boolean;
  memoryHigh?: bigint;
  memoryMax?: bigint;
  pidsMax?: bigint;
}

/**
 * A state of what is known; a version has to say of each whether it knows it.
 * @example
 * function populatedAlone(nothing: Record<keyof EventState, undefined>) {
 *   return eventState({ ...nothing, populated: true }); // { populated: true }
 * }
 */
export function eventState({
  populated,
  frozen,
  ownFull,
  fullAbove,
  ...counters
}: {
  readonly [Field in keyof EventState]-?: EventState[Field] | undefined;
}): EventState {
  return {
    ...present(Object.entries(counters)),
    ...(populated !== undefined && { populated }),
    ...(frozen !== undefined && { frozen }),
    ...(ownFull !== undefined && { ownFull }),
    ...(fullAbove !== undefined && { fullAbove }),
  };
}

/**
 * What happened between two moments.
 * @param options `sinceKill`: the state when the last kill was told of; `before` if absent. The kernel may tell of the want of
 *   memory some time before it tells of the kill that came of it
 * @example
 * eventsBetween({ populated: true }, { populated: false }); // [{ kind: 'empty' }]
 */
export function eventsBetween(
  before: EventState,
  after: EventState,
  { sinceKill = before }: { sinceKill?: EventState } = {},
): GroupEvent[] {
  const counted = (kind: CountedEvent['kind']): CountedEvent[] => {
    const count = growth(before[kind], after[kind]);
    return count > 0 ? [{ kind, count }] : [];
  };
  const [ooms, kills] = [growth(before.oom, after.oom), growth(before.oomKills, after.oomKills)];
  return [
    ...turned(before.populated, after.populated, ['populated', 'empty']),
    ...turned(before.frozen, after.frozen, ['frozen', 'thawed']),
    ...counted('memoryHigh'),
    ...counted('memoryMax'),
    ...(ooms > 0 ? [{ kind: 'oom' as const, count: ooms, limitOf: limitOfOom(before, after) }] : []),
    ...(kills > 0 ? [{ kind: 'oomKill' as const, count: kills, limitOf: limitOfKill(sinceKill, after) }] : []),
    ...counted('pidsMax'),
  ];
}

function turned(
  before: boolean | undefined,
  after: boolean | undefined,
  [on, off]: [LifeEvent['kind'], LifeEvent['kind']],
): LifeEvent[] {
  return before === undefined || after === undefined || before === after ? [] : [{ kind: after ? on : off }];
}

function limitOfOom(before: EventState, after: EventState): OomEvent['limitOf'] {
  if (after.ownOom === undefined) return undefined;
  return growth(before.ownOom, after.ownOom) > 0 ? 'own' : 'below';
}

/** A kill without any want of memory in the group was about a limit above it. */
function limitOfKill(before: EventState, after: EventState): OomKillEvent['limitOf'] {
  if (after.ownFailures !== undefined) {
    const own = after.ownFull === true || growth(before.ownFailures, after.ownFailures) > 0;
    const above = after.fullAbove === true || growth(before.failuresAbove, after.failuresAbove) > 0;
    return own && above ? undefined : own ? 'own' : 'above';
  }
  const limitOf = limitOfOom(before, after);
  return limitOf === 'below' && growth(before.oom, after.oom) === 0 ? 'above' : limitOf;
}

/** A counter that appears in between had counted nothing: its controller was not handed down before. */
function growth(before = 0n, after = before): number {
  return after > before ? Number(after - before) : 0;
}
