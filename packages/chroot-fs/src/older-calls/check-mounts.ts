import { SystemError } from '@coracle/errors';
import type { MountInfo } from '@coracle/mountinfo';
import type { MountWords } from './mount-words.ts';

/** What a mount has to forbid, and what those below it. */
export interface Restriction {
  top: MountWords;
  tree: MountWords;
}

/** How access times are kept forbids nothing. */
const FORBIDDING = ['ro', 'nosuid', 'nodev', 'noexec', 'nosymfollow'];

/**
 * Looks whether the mounts of a container forbid what they are to. mount(2) changes one mount at a time, from a list read
 * before: what was mounted below a volume since, or changed its place there, is found here.
 * @param mounts of the container's first process
 * @param restrictions by mountpoint, see {@link OlderCalls.restrictions}
 * @throws SystemError EBUSY, naming the mount that is not as it was to be
 * @example
 * checkMounts(parseMountinfo(readFileSync(`/proc/${pid}/mountinfo`, 'utf8')), olderCalls.restrictions);
 */
export function checkMounts(mounts: readonly MountInfo[], restrictions: ReadonlyMap<string, Restriction>): void {
  const uppermost = new Map(mounts.map((mount) => [mount.mountPoint, mount]));
  for (const [path, { options }] of uppermost) {
    const over = nearest(path, restrictions);
    const wanted = over === undefined ? undefined : restrictions.get(over)?.[over === path ? 'top' : 'tree'];
    const lacking = FORBIDDING.filter((word) => wanted?.has(word) && !options.includes(word));
    if (lacking.length > 0)
      throw new SystemError({
        code: 'EBUSY',
        syscall: 'mount',
        path,
        text: `something was mounted or moved there while the container was made, without ${lacking.join(', ')}`,
        hint: 'run it again when nobody mounts or renames there',
      });
  }
}

function nearest(path: string, restrictions: ReadonlyMap<string, Restriction>): string | undefined {
  const above = [...restrictions.keys()].filter((top) => top === path || top === '/' || path.startsWith(`${top}/`));
  return above.toSorted((a, b) => b.length - a.length)[0];
}
