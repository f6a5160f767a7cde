import { readFileSync, realpathSync } from 'node:fs';
import { type MountInfo, mountOf, parseMountinfo } from '@coracle/mountinfo';
import { OptionError } from '../options/option-error.ts';
import type { Propagation } from '../options/options.ts';

/** All of them. */
export const PROPAGATIONS: readonly Propagation[] = ['private', 'rprivate', 'slave', 'rslave', 'shared', 'rshared'];

/** More would not fit between the descriptors that have fixed numbers. */
export const MOST_SHARING = 24;

/** Whether a volume hears of the host's mounts, or the host of the container's: it has to be copied early then. */
export function isSharing(propagation: Propagation | undefined): boolean {
  return propagation !== undefined && !propagation.endsWith('private');
}

/**
 * Makes sure that mounts can travel as a volume is to let them: the mount it comes from has to be shared on the host, or the
 * kernel would do nothing, silently.
 * @param path absolute, on the host; it must exist
 * @param readMounts the mounts of this process; those of /proc/self/mountinfo by default
 * @throws {OptionError} when the mount is private, or when a container with user ids of its own is to pass mounts back
 */
export function checkPropagation(
  { path, propagation, inUserNamespace }: { path: string; propagation: Propagation; inUserNamespace: boolean },
  readMounts: () => readonly MountInfo[] = ownMounts,
): void {
  if (!isSharing(propagation)) return;
  const toHost = propagation.endsWith('shared');
  if (toHost && inUserNamespace)
    throw new OptionError(
      'volumes',
      `${path} cannot be ${propagation}: a container with user ids of its own passes no mounts to the host`,
      `write ${propagation.replace('shared', 'slave')} for the other direction, or run as root without --userns`,
    );
  const mount = mountOf(readMounts(), realpathSync(path));
  const { shared, master } = mount?.tags ?? {};
  if (shared !== undefined || (!toHost && master !== undefined)) return;
  const at = mount?.mountPoint ?? '/';
  throw new OptionError(
    'volumes',
    `${path} cannot be ${propagation}: it lies in the mount ${at}, which is private on the host`,
    `share it first: mount --make-shared ${at}`,
  );
}

function ownMounts(): MountInfo[] {
  return parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8'));
}
