import { statfsSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { byDescriptor } from '../by-descriptor.ts';

/** Magic numbers of file systems that map ids, and since which kernel; see statfs(2), mount_setattr(2). */
const MAPPING: ReadonlyMap<number, readonly [major: number, minor: number]> = new Map([
  [0xef53, [5, 12]], // ext4
  [0x58465342, [5, 12]], // xfs
  [0x9123683e, [5, 15]], // btrfs
  [0x01021994, [6, 3]], // tmpfs
]);

/** Temporary files lie where ids can be mapped; a layer of an overlay can have mapped ids since Linux 5.19. */
export const mapsIds: { what: string; met: boolean } = {
  what: 'temporary files on ext4, xfs, btrfs or tmpfs of a new kernel',
  met: byDescriptor.met && isNewerThan([5, 19]) && isNewerThan(MAPPING.get(statfsSync(tmpdir()).type) ?? [99, 0]),
};

function isNewerThan([major, minor]: readonly [number, number]): boolean {
  const [ownMajor = 0, ownMinor = 0] = release()
    .split('.')
    .map((part) => Number.parseInt(part, 10));
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}
