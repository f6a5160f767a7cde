import { SystemError } from '@coracle/errors';
import { type IdMaps, parseSubids, rootIdMaps, rootIdShares, type SubidRange } from '@coracle/namespaces';
import { chooseFree } from './choose-free.ts';

/** Users and groups have ids of their own each. */
export type IdKind = 'uid' | 'gid';

/** What there is to choose from, and what is gone. */
export interface RootIds {
  /** The texts of /etc/subuid and /etc/subgid. */
  subuid: string;
  subgid: string;
  /** None has any if absent. */
  isTaken?: IsTaken | undefined;
  /** To whom the container's root directory belongs on the host: ids that were given to a tree are for containers that have it. */
  owner?: RootOwner | undefined;
  /** Numbers from 0 to less than 1, which choose where there are many containers; those of `Math.random` if absent. */
  chance?: () => number;
}

/** Whether a living container has any of these ids; one that would share them does not count for who would too. */
export type IsTaken = (kind: IdKind, ids: readonly SubidRange[], how: { shared: boolean }) => boolean;

/** The owner of a container's root directory. */
export interface RootOwner {
  uid: number;
  gid: number;
  path: string;
}

/** Of users and groups, the file that reserves ids. */
const FILES = { uid: '/etc/subuid', gid: '/etc/subgid' } as const;

/**
 * The ids of a container that root starts with ids of its own: a share that no living container has ({@link chooseFree}), or the
 * one that its root directory belongs to, which it shares with other containers of that directory.
 * @throws SystemError EINVAL where every id is granted to somebody, EBUSY where living containers have all those that it could have
 * @see rootIdShares
 */
export function idsOfRoot({ subuid, subgid, isTaken = () => false, owner, chance }: RootIds): IdMaps {
  const granted = [...parseSubids(subuid), ...parseSubids(subgid)];
  const pick = (kind: IdKind, text: string): readonly SubidRange[] => {
    const shares = { [Symbol.iterator]: () => rootIdShares(reserved(text), granted) };
    const ofOwner = find(shares, (share) => belongsTo(owner, kind, share));
    const how = { shared: ofOwner !== undefined };
    const isFree = (share: readonly SubidRange[]): boolean => !isTaken(kind, share, how);
    const free = chooseFree(ofOwner ? [ofOwner] : shares, { isFree, ...(chance ? { chance } : {}) });
    if (free) return free;
    if (find(shares, () => true)) throw allTaken(kind, ofOwner && owner?.path);
    return [];
  };
  return rootIdMaps({ subuids: pick('uid', subuid), subgids: pick('gid', subgid), granted });
}

function find<T>(all: Iterable<T>, fits: (one: T) => boolean): T | undefined {
  for (const one of all) if (fits(one)) return one;
  return undefined;
}

/** Whether the owner of a root directory is among these ids. */
export function belongsTo(owner: RootOwner | undefined, kind: IdKind, ids: readonly SubidRange[]): boolean {
  if (!owner) return false;
  const id = owner[kind];
  return ids.some(({ start, count }) => start <= id && id < start + count);
}

function allTaken(kind: IdKind, tree: string | undefined): SystemError {
  const about = { code: 'EBUSY', syscall: 'fcntl', step: 'have user ids that no other container has' } as const;
  if (tree !== undefined)
    return new SystemError({
      ...about,
      path: tree,
      text: 'belongs to ids that a living container has',
      hint: `wait for its end; or give the tree back to the host's root (chown -R 0:0 ${tree}): files then have the ids of each container by themselves`,
    });
  return new SystemError({
    ...about,
    path: FILES[kind],
    text: `living containers have all the ${kind === 'uid' ? 'user' : 'group'} ids that there are for containers`,
    hint: `reserve more than the lines of coracle or root do: each container takes 65536, so that coracle:1000000000:655360000 in ${FILES.uid} and ${FILES.gid} is enough for 10000`,
  });
}

/** The ranges for root's containers: those of the name made for it, else root's own. */
function reserved(text: string): SubidRange[] {
  const ours = parseSubids(text, { name: 'coracle' });
  return ours.length > 0 ? ours : parseSubids(text, { name: 'root', id: 0 });
}
