import { realpathSync, statSync } from 'node:fs';
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
 * @throws what Node throws for a path that is not there
 */
export function hostTree(path: string, mounts: readonly MountInfo[]): MountedTree {
  const top = realpathSync(path);
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
