import type { IdMaps } from '@coracle/namespaces';
import type { Message } from '@coracle/syscalls';
import type { LifeOptions } from './container.ts';
import { monitorTitle } from './launch.ts';
import { INIT } from './plan/monitor-outputs.ts';
import type { Prepared } from './prepare.ts';
import type { ContainerState } from './state/state.ts';

/** The messages that a container was made and started with. */
export interface SentMessages {
  /** To the monitor. */
  monitor: Message;
  /** To the init, with all up to the program. */
  first: Message;
}

/**
 * A start that is nothing but its messages: who sends them again, with another id in them, to a new agent has started the same
 * container once more, as long as all that was asked of the host when it was planned has the same answers.
 */
export interface SentStart {
  id: string;
  stateRoot: string;
  /** What ps(1) shows of the monitor. */
  title: string;
  /** The bytes of both messages, with the id in them as text, and the checksum of each in front. */
  monitor: Uint8Array;
  first: Uint8Array;
  /**
   * Where things stand in the monitor's report, in bytes: the outputs of its program and, as a word of 64 bits, the pid of the init, or
   * the error in its place.
   */
  report: Readonly<Record<string, ReportPart>>;
  /** How many statistics files of the cgroup are read at the end. */
  statFiles: number;
  /** What is written between the messages, where the container has users of its own; nothing if absent. */
  idMaps?: IdMaps;
  /** What the container's state file says, beside what is only known when it runs. */
  state: Omit<ContainerState, RunningField>;
}

/** What the state file tells of one container alone. */
export type RunningField = 'id' | 'pid' | 'startTime' | 'bootId' | 'created' | 'started';

/** Some bytes of a report. */
export interface ReportPart {
  offset: number;
  length: number;
}

/** A start as what it was made with; `undefined` where this process has more to do for it than to send messages. */
export function sentStart(
  prepared: Prepared,
  { monitor, first }: SentMessages,
  { options, state }: { options: LifeOptions; state: SentStart['state'] },
): SentStart | undefined {
  const { id, plan, stateRoot } = prepared;
  const isMore =
    plan.terminal ||
    plan.notifies ||
    plan.idMaps?.how === 'direct' || // ids that are free are chosen for each container
    plan.restrictions !== undefined ||
    plan.idmapped.length + plan.owned.length + plan.labelled.length > 0 ||
    prepared.endAll !== undefined ||
    options.timeout !== undefined ||
    options.signal !== undefined ||
    options.callerTerminal !== undefined;
  if (isMore) return undefined;
  const init = monitor.steps.findLastIndex(({ result }) => result === INIT);
  return {
    id,
    stateRoot,
    title: monitorTitle(plan),
    monitor: monitor.bytes,
    first: first.bytes,
    report: { ...Object.fromEntries(monitor.outputs), [INIT]: { offset: 8 * init, length: 8 } },
    statFiles: plan.statFiles.length,
    ...(plan.idMaps ? { idMaps: plan.idMaps } : {}),
    state,
  };
}
