import { lstatSync, readlinkSync } from 'node:fs';
import { isErrno, SystemError } from '@coracle/errors';

/** What is at a path of a root, not following a link at its end; `undefined` when there is nothing. */
export type Seen = 'file' | 'directory' | { link: string } | undefined;

/** Where a path of a root leads. */
export interface Place {
  /** Absolute in the root, and plain: no link, no `.` or `..` in it. */
  path: string;
  /** What is there; `undefined` when it is still to be made. */
  kind: 'file' | 'directory' | undefined;
}

/** As many links as the kernel follows in one look-up; see path_resolution(7). */
const MOST_LINKS = 40;

/**
 * Where a path leads inside a root, through links that end nowhere too: an image's `/etc/resolv.conf` is often a link to a
 * file below an empty `/run`. Absolute links and `..` lead no higher than the top of the root.
 *
 * What it answers is for making a mountpoint there with {@link openMountpoint}, which looks again and lets the kernel keep
 * it inside: a root that changes in between can only have the mount elsewhere in itself.
 * @param look asked about absolute, plain paths of the root, from the top down; what it throws ends the walk
 * @throws SystemError ELOOP for links that go on for ever, ENOTDIR for a file in the middle of the path
 * @see path_resolution(7)
 * @example
 * resolveInRoot('/etc/resolv.conf', lookInDirectory('./rootfs')); // { path: '/run/resolv.conf', kind: undefined }
 */
export function resolveInRoot(path: string, look: (path: string) => Seen): Place {
  const ahead = path.split('/').reverse();
  let place: Place = { path: '/', kind: 'directory' };
  let links = 0;
  for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
    if (name === '' || name === '.') continue;
    if (place.kind === 'file')
      throw new SystemError({
        code: 'ENOTDIR',
        syscall: 'openat2',
        path,
        text: `${place.path} of the root is a file, not a directory`,
      });
    if (name === '..') {
      place = { path: above(place.path), kind: 'directory' };
      continue;
    }
    const next = `${place.path === '/' ? '' : place.path}/${name}`;
    const seen = look(next);
    if (typeof seen !== 'object') {
      place = { path: next, kind: seen };
      continue;
    }
    if (++links > MOST_LINKS)
      throw new SystemError({
        code: 'ELOOP',
        syscall: 'openat2',
        path,
        hint: `its symbolic links lead in a circle: look at ${next} of the root`,
      });
    if (seen.link.startsWith('/')) place = { path: '/', kind: 'directory' };
    ahead.push(...seen.link.split('/').reverse());
  }
  return place;
}

/**
 * A look at what is below a directory of the host, for {@link resolveInRoot}. What the caller may not see is as good as
 * not there: the kernel, in the container's name, sees more.
 * @throws SystemError from the look: EIO and the like
 * @example
 * resolveInRoot('/etc/mtab', lookInDirectory('./rootfs'));
 */
export function lookInDirectory(directory: string): (path: string) => Seen {
  return (path) => {
    try {
      const there = directory + path;
      const stats = lstatSync(there);
      if (stats.isSymbolicLink()) return { link: readlinkSync(there) };
      return stats.isDirectory() ? 'directory' : 'file';
    } catch (error) {
      // EINVAL: no link any more by the time it was read.
      for (const code of ['ENOENT', 'ENOTDIR', 'EACCES', 'ENAMETOOLONG', 'EINVAL', 'ELOOP'] as const)
        if (isErrno(error, code)) return undefined;
      throw error;
    }
  };
}

function above(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}
