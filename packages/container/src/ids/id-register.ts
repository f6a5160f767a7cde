import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '@coracle/errors';
import type { IdMapping, IdMaps, SubidRange } from '@coracle/namespaces';
import {
  close,
  F,
  type FileRange,
  fileLock,
  flags,
  isLocked,
  OPEN,
  openat,
  resultOf,
  type Step,
  step,
} from '@coracle/syscalls';
import { defaultStateRoot } from '../state/state-root.ts';
import { belongsTo, type IdKind, type IsTaken, type RootOwner } from './root-ids.ts';

/**
 * Which ids of the host living containers of root have. It is an empty file: a lock on its byte N is on the user id N, one on
 * byte 2^32+N on the group id N. Monitors hold them, and the kernel lets go of them when those end, however that is. There is one
 * for the machine, wherever states are kept. Those to whom a root directory was given are shared by the containers that have it.
 */
export function idRegister(): string {
  return join(defaultStateRoot(0), 'ids');
}

const OFFSET: Readonly<Record<IdKind, number>> = { uid: 0, gid: 2 ** 32 };

function lockOn(kind: IdKind, { start, count }: SubidRange): { start: number; length: number } {
  return { start: OFFSET[kind] + start, length: count };
}

/** The register, and who has the container's root directory. */
export interface IdRegister {
  path: string;
  owner: RootOwner | undefined;
}

/** Looks up in the register what is taken, in one go. */
export function lookUpTaken<T>(use: (isTaken: IsTaken) => T): T {
  let fd: number;
  try {
    fd = openSync(idRegister(), constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    return use(() => false); // there has been no such container since the machine started
  }
  try {
    return use((kind, ids, how) => ids.some((range) => isLocked(fd, { ...lockOn(kind, range), ...how })));
  } finally {
    closeSync(fd);
  }
}

/**
 * Steps by which a monitor takes ids for its container, for as long as it lives. The last of them fails with EAGAIN when another
 * monitor was faster.
 * @see fcntl(2), "Open file description locks" (since Linux 3.15)
 */
export function claimIds({ uids, gids }: Pick<IdMaps, 'uids' | 'gids'>, { path: register, owner }: IdRegister): Step[] {
  const why = 'have ids that no other container has';
  const lock =
    (kind: IdKind) =>
    ({ hostId: start, size: count }: IdMapping): FileRange => {
      const range = { start, count };
      return { ...lockOn(kind, range), shared: belongsTo(owner, kind, [range]) };
    };
  return [
    openat(
      { path: register, flags: flags(OPEN, 'O_RDWR', 'O_CREAT', 'O_NOFOLLOW', 'O_CLOEXEC'), mode: 0o600 },
      { why, result: 'ids' },
    ),
    ...[...uids.map(lock('uid')), ...gids.map(lock('gid'))].map((range) =>
      step('fcntl', [resultOf('ids'), flags(F, 'F_OFD_SETLK'), fileLock(range)], why),
    ),
  ];
}

/** Steps by which a monitor gives them back: before it tells of the end, for then nothing of the container is left. */
export function releaseIds(): Step[] {
  return [close(resultOf('ids'), { why: 'give its ids back', only: 'parent' })];
}

/** Whether a container was not made because another one had taken its ids in the meantime. */
export function wasOutrun(error: unknown): boolean {
  return isErrno(error, 'EAGAIN') && Reflect.get(Object(error), 'syscall') === 'fcntl';
}
