import type { MountInfo } from './mount-info.ts';

/**
 * The mount a path lies in: the one a program that opens the path reaches.
 *
 * Walks the tree of mounts as the kernel walks the path, so of mounts stacked on one directory the last counts, and a
 * mount that a later one on a directory above has hidden does not. Symbolic links are not followed: give a real path
 * (see realpath(3)).
 * @param path Absolute, without `.` and `..`. It need not exist.
 * @returns `undefined` when no mount of the list contains the path, as for `/` in a chroot.
 * @throws {TypeError} when the path is relative or has a `.` or `..` in it.
 * @example
 * mountOf(mounts, '/sys/fs/cgroup/memory/box')?.type; // 'cgroup'
 */
export function mountOf(mounts: readonly MountInfo[], path: string): MountInfo | undefined {
  const target = split(path);
  const ids = new Set(mounts.map((mount) => mount.id));
  const containing = mounts.filter((mount) => isPrefix(split(mount.mountPoint), target));

  let found = shallowest(containing.filter((mount) => !ids.has(mount.parentId) || mount.parentId === mount.id));
  const seen = new Set<MountInfo>();
  while (found !== undefined && !seen.has(found)) {
    const { id } = found;
    seen.add(found);
    const next = shallowest(containing.filter((mount) => mount.parentId === id && mount.id !== id));
    if (next === undefined) return found;
    found = next;
  }
  return found;
}

/** The mount a walk down the path meets first; the later one where two share a mount point. */
function shallowest(candidates: MountInfo[]): MountInfo | undefined {
  let best: MountInfo | undefined;
  for (const mount of candidates) {
    if (best === undefined || split(mount.mountPoint).length <= split(best.mountPoint).length) best = mount;
  }
  return best;
}

function split(path: string): string[] {
  const names = path.split('/').filter((name) => name !== '');
  if (!path.startsWith('/') || names.includes('.') || names.includes('..')) {
    throw new TypeError(`expected an absolute path without '.' and '..', found '${path}'`);
  }
  return names;
}

function isPrefix(prefix: string[], names: string[]): boolean {
  return prefix.every((name, index) => name === names[index]);
}
