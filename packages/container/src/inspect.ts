import { SystemError } from '@coracle/errors';
import { removeGroup } from './cgroup/cgroup-for.ts';
import type { Isolation } from './isolation.ts';
import { findContainer } from './state/find-container.ts';
import { type ContainerState, isAlive, isUnfinished, readState } from './state/state.ts';
import { checkStateRoot, defaultStateRoot } from './state/state-root.ts';
import { sweep } from './state/sweep.ts';

/** What is known of a living container, whoever of this user's processes runs it. */
export interface ContainerInfo extends Omit<ContainerState, 'startTime' | 'bootId' | 'created' | 'started'> {
  /** When it was made, in ISO 8601. */
  created: string;
  /** When its program was started; absent until then. */
  started?: string | undefined;
  /** Limits that the kernel enforces on all of it together, memory in bytes. */
  limits: Isolation['limits'];
}

/** Where a container is looked for. */
export interface InspectOptions {
  /** As the container was given it; the default of this user if absent. */
  stateRoot?: string | undefined;
}

/**
 * What is known of a living container of this user, which any process may run: who it is, what it was made from, and the
 * isolation in force around it, the same as in its result.
 *
 * What a container left behind whose monitor was killed is removed when it is asked for.
 * @param word its id, its name, or as much of its id as no other has
 * @throws SystemError ESRCH when there is no such container, or it has ended; EEXIST when several ids begin like that; EAGAIN
 *   while it is being made; EPERM when the state directory belongs to somebody else
 * @example
 * const { pid, isolation } = inspectContainer('boat');
 */
export function inspectContainer(word: string, { stateRoot }: InspectOptions = {}): ContainerInfo {
  const uid = process.geteuid?.() ?? 0;
  const root = stateRoot ?? defaultStateRoot(uid);
  checkStateRoot(root, uid);
  const id = findContainer(root, { word, uid });
  if (isUnfinished(root, id)) throw isInBetween(word);
  if (!isAlive(root, id)) throw hasEnded(root, word);
  const state = readState(root, id);
  if (!state) throw isInBetween(word);
  const { startTime: _, bootId: __, created, started, ...told } = state;
  return {
    ...told,
    created: dateOf(created),
    ...(started === undefined ? {} : { started: dateOf(started) }),
    limits: state.isolation.limits,
  };
}

function dateOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** Its monitor would have removed it; since that was killed, the kernel has ended the container with it. */
function hasEnded(root: string, word: string): SystemError {
  sweep(root, removeGroup);
  return new SystemError({
    code: 'ESRCH',
    syscall: 'inspect',
    path: word,
    text: 'the container has ended, with the process that watched it',
    hint: 'it can be started anew: what it left behind is removed',
  });
}

function isInBetween(word: string): SystemError {
  return new SystemError({
    code: 'EAGAIN',
    syscall: 'inspect',
    path: word,
    text: 'the container is being made or removed at this moment',
    hint: 'ask again',
  });
}
