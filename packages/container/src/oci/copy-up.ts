import { lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { IN_ROOT } from '@coracle/chroot-fs';
import type { IdMaps, OwnIds } from '@coracle/namespaces';
import {
  AT,
  close,
  fchownat,
  flags,
  mkdirat,
  mknodat,
  OPEN,
  openat,
  openat2,
  resultOf,
  S,
  type Step,
  step,
  symlinkat,
} from '@coracle/syscalls';

/** What sendfile(2) copies in one call at most, in bytes. */
const MOST_AT_ONCE = 0x7ffff000;

/** The option that gives a tmpfs the mode of the directory that it covers. */
export function modeOf(path: string): string {
  return `mode=${(lstatSync(path).mode & 0o7777).toString(8).padStart(4, '0')}`;
}

/** The ids of the container that ids of the host are; `undefined` where they are none. */
export type IdsInside = (owner: OwnIds) => OwnIds | undefined;

/** How the container sees who owns files of the host. */
export function idsInside(idMaps: IdMaps | undefined): IdsInside {
  if (!idMaps) return (owner) => owner;
  const find = (mappings: IdMaps['uids'], id: number): number | undefined => {
    const mapping = mappings.find(({ hostId, size }) => hostId <= id && id < hostId + size);
    return mapping && mapping.containerId + id - mapping.hostId;
  };
  return (owner) => {
    const [uid, gid] = [find(idMaps.uids, owner.uid), find(idMaps.gids, owner.gid)];
    return uid === undefined || gid === undefined ? undefined : { uid, gid };
  };
}

/**
 * Steps that copy what lies in a directory of the root into a new file system (`tmpcopyup`): names, owners, modes, links and
 * contents. The list is made now, on the host; the files are opened in the root, where no link leads out of it. What belongs to nobody in
 * the container belongs to its root there.
 * @param directory where it is on the host
 * @param options `path`: where it is in the root; `mount`: the result that is the new file system
 * @see sendfile(2)
 */
export function copyUp(
  directory: string,
  { path, mount, inside }: { path: string; mount: string; inside: IdsInside },
): Step[] {
  const why = `copy what is in ${path}`;
  const top = resultOf(mount);
  return entriesOf(directory, '').flatMap(({ name, stats }): Step[] => {
    const mode = stats.mode & 0o7777;
    const owner = inside(stats);
    const own = owner
      ? [
          fchownat(
            { dir: top, path: name, uid: owner.uid, gid: owner.gid, flags: flags(AT, 'AT_SYMLINK_NOFOLLOW') },
            why,
          ),
        ]
      : [];
    if (stats.isSymbolicLink())
      return [symlinkat({ target: readlinkSync(join(directory, name)), dir: top, path: name }, why), ...own];
    // A change of owner takes set-id bits away.
    const again = step('fchmodat', [top, name, { kind: 'flags', value: mode, text: `0${mode.toString(8)}` }], why);
    if (stats.isDirectory()) return [mkdirat({ dir: top, path: name, mode }, why), ...own, again];
    const type = stats.mode & ~0o7777;
    if (!stats.isFile())
      return [mknodat({ dir: top, path: name, mode: type | mode, device: stats.rdev }, why), ...own, again];
    return [
      mknodat({ dir: top, path: name, mode: S.S_IFREG | mode }, why),
      ...own,
      again,
      ...copyContent({ from: `${path}/${name}`, top: mount, name, size: stats.size }, why),
    ];
  });
}

function copyContent(
  { from, top, name, size }: { from: string; top: string; name: string; size: number },
  why: string,
): Step[] {
  const calls = Math.ceil(size / MOST_AT_ONCE);
  if (calls === 0) return [];
  const [source, copy] = [resultOf('original'), resultOf('copy')];
  return [
    openat2(
      { dir: resultOf('rootfs'), path: from, flags: flags(OPEN, 'O_RDONLY', 'O_CLOEXEC'), resolve: IN_ROOT },
      { why, result: 'original' },
    ),
    openat(
      { dir: resultOf(top), path: name, flags: flags(OPEN, 'O_WRONLY', 'O_NOFOLLOW', 'O_CLOEXEC') },
      { why, result: 'copy' },
    ),
    ...Array.from({ length: calls }, () => step('sendfile', [copy, source, null, MOST_AT_ONCE], why)),
    close(source, why),
    close(copy, why),
  ];
}

/** Everything below a directory, parents before what lies in them. */
function entriesOf(directory: string, below: string): { name: string; stats: Stats }[] {
  return readdirSync(join(directory, below)).flatMap((entry) => {
    const name = below === '' ? entry : `${below}/${entry}`;
    const stats = lstatSync(join(directory, name));
    return [{ name, stats }, ...(stats.isDirectory() ? entriesOf(directory, name) : [])];
  });
}
