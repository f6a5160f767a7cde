import { closeSync, fstatSync, readdirSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import type { IdMapping, IdMaps, OwnIds } from '@coracle/namespaces';
import { AT, AT_FDCWD, fchownat, flags, OPEN, openHow, RESOLVE, runLocally, type Step, step } from '@coracle/syscalls';
import { OptionError } from './option-error.ts';
import type { Volume } from './options.ts';

/** A file or directory of the host that is given to a user of the host, with everything in it. */
export interface OwnedTree extends OwnIds {
  source: string;
}

/** What belongs to the system: giving it away by a slip of the keyboard would break the host. */
const SYSTEM =
  /^\/(|bin|boot|dev|etc|home|lib|lib32|lib64|libx32|media|mnt|opt|proc|root|run|sbin|sys|tmp|usr|var)(\/(bin|cache|lib|lib64|local|log|run|sbin|share|spool|tmp))?$/;

/** After so many files others have their turn. */
const TURN = 256;

/**
 * The volumes that are to be given to the user of the container, and who that is on the host.
 * @throws {OptionError} for an ordinary user, who can give nothing away, and for directories of the system
 */
export function ownedTrees(
  volumes: readonly Volume[],
  { user, idMaps, isRoot }: { user: OwnIds; idMaps: IdMaps | undefined; isRoot: boolean },
): OwnedTree[] {
  return volumes
    .filter(({ chown }) => chown)
    .map(({ source, idmap }) => {
      const path = realpathSync(resolve(source));
      if (!isRoot)
        throw new OptionError(
          'volumes',
          `${path} cannot be given to the user of the container (U): only root gives files away`,
          'run with --userns keep-id, where your files are yours on both sides',
        );
      if (SYSTEM.test(path))
        throw new OptionError(
          'volumes',
          `${path} cannot be given to the user of the container (U): it belongs to the system`,
          'make a directory for the container, or leave U out',
        );
      // With mapped ids the owners on disk are those inside.
      return { source: path, ...(idMaps && !idmap ? onHost(user, idMaps) : { uid: user.uid, gid: user.gid }) };
    });
}

function onHost({ uid, gid }: OwnIds, { uids, gids }: IdMaps): OwnIds {
  const find = (mappings: readonly IdMapping[], id: number): number => {
    const mapping = mappings.find(({ containerId, size }) => containerId <= id && id < containerId + size);
    if (!mapping) throw new TypeError(`${id} is in no map: users are checked before`);
    return mapping.hostId + id - mapping.containerId;
  };
  return { uid: find(uids, uid), gid: find(gids, gid) };
}

/**
 * Gives a tree away, file by file. Each is opened in its directory, which is open itself, and given by descriptor: whoever
 * renames or links meanwhile can lead it nowhere else. Symbolic links are given, not followed; what is mounted below is left.
 * @throws SystemError for the first file that the system refuses
 * @see openat2(2) (since Linux 5.6), fchownat(2)
 */
export async function giveTree(tree: OwnedTree): Promise<void> {
  const place = open(tree, { dir: AT_FDCWD, name: Buffer.from(tree.source) });
  if (place !== undefined) await give(place, tree, { done: 0 });
}

async function give(place: number, tree: OwnedTree, progress: { done: number }): Promise<void> {
  try {
    if (++progress.done % TURN === 0) await new Promise((resume) => setImmediate(resume));
    const stats = fstatSync(place);
    if (stats.uid !== tree.uid || stats.gid !== tree.gid) take(fchown(place, tree));
    if (!stats.isDirectory()) return;
    for (const name of readdirSync(`/proc/self/fd/${place}`, { encoding: 'buffer' })) {
      const entry = open(tree, { dir: place, name });
      if (entry !== undefined) await give(entry, tree, progress);
    }
  } finally {
    closeSync(place);
  }
}

/** @returns `undefined` for what is gone meanwhile, or on another mount */
function open(tree: OwnedTree, { dir, name }: { dir: number; name: Buffer }): number | undefined {
  const isTop = dir === AT_FDCWD;
  const how = openHow({
    flags: flags(OPEN, 'O_PATH', 'O_NOFOLLOW', 'O_CLOEXEC'),
    resolve: isTop ? 0 : flags(RESOLVE, 'RESOLVE_BENEATH', 'RESOLVE_NO_XDEV', 'RESOLVE_NO_SYMLINKS'),
  });
  const path = Buffer.concat([name, Buffer.of(0)]); // names need not be UTF-8
  const fd = take(step('openat2', [dir, path, how, how.bytes.length], { why: purpose(tree), ...(isTop ? {} : GONE) }));
  return fd < 0 ? undefined : fd;
}

const GONE = { tolerate: ['ENOENT', 'EXDEV'] } as const;

function fchown(place: number, tree: OwnedTree): Step {
  const { uid, gid } = tree;
  return fchownat({ dir: place, path: '', uid, gid, flags: flags(AT, 'AT_EMPTY_PATH') }, purpose(tree));
}

function purpose({ source, uid, gid }: OwnedTree): string {
  return `give ${source} and all in it to ${uid}:${gid}, the user of the container`;
}

function take(one: Step): number {
  const outcome = runLocally([one]);
  outcome.throwIfFailed();
  return outcome.results[0] ?? -1;
}
