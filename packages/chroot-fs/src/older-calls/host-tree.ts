import { realpathSync, statSync } from 'node:fs';
import { isErrno } from '@coracle/errors';
import { type MountInfo, mountOf } from '@coracle/mountinfo';
import { type MountWords, wordsOfOptions } from './mount-words.ts';

/** What a copy of a path's mount is like. */
export interface MountedTree {
  kind: 'file' | 'directory';
  words: MountWords;
  /** The mounts below, that a recursive copy takes along: their paths from the top of the copy. */
  below: readonly { path: string; words: MountWords }[];
}

/**
 * What a path of the host lies in, by the host's mountinfo: mount(2) replaces all of how something is mounted, so that what is
 * to stay has to be known. Mounts that others cover are left out: no path leads to them.
 * @returns an empty directory for a path that the caller cannot see: who mounts it tells whether it is there
 * @example
 * hostTree('/srv/data', parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8'))).below; // [{ path: 'usb', words: Set { 'ro' } }]
 */
export function hostTree(path: string, mounts: readonly MountInfo[]): MountedTree {
  const top = realPath(path);
  if (top === undefined) return { kind: 'directory', words: new Set(), below: [] };
  const inside = top === '/' ? '/' : `${top}/`;
  return {
    kind: statSync(top).isDirectory() ? 'directory' : 'file',
    words: wordsOfOptions(mountOf(mounts, top)?.options ?? []),
    below: mounts
      .filter((mount) => mount.mountPoint !== top && mount.mountPoint.startsWith(inside))
      .filter((mount) => mountOf(mounts, mount.mountPoint) === mount)
      .map(({ mountPoint, options }) => ({ path: mountPoint.slice(inside.length), words: wordsOfOptions(options) })),
  };
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP', 'ENAMETOOLONG')) return undefined;
    throw error;
  }
}
