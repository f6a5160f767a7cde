import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import type { IdMapping, IdMaps, OwnIds } from '@coracle/namespaces';
import { AT, fchownat, flags } from '@coracle/syscalls';
import { OptionError } from '../options/option-error.ts';
import type { Volume } from '../options/options.ts';
import { isSystemDirectory } from './system-directories.ts';
import { take, walkTree } from './walk-tree.ts';

/** A file or directory of the host that is given to a user of the host, with everything in it. */
export interface OwnedTree extends OwnIds {
  source: string;
}

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
      if (isSystemDirectory(path))
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
 * Gives a tree away, file by file, see {@link walkTree}.
 * @throws SystemError for the first file that the system refuses
 * @see fchownat(2)
 */
export async function giveTree({ source, uid, gid }: OwnedTree): Promise<void> {
  const why = `give ${source} and all in it to ${uid}:${gid}, the user of the container`;
  await walkTree(source, {
    why,
    visit: ({ fd, stats }) => {
      if (stats.uid !== uid || stats.gid !== gid)
        take(fchownat({ dir: fd, path: '', uid, gid, flags: flags(AT, 'AT_EMPTY_PATH') }, why));
    },
  });
}
