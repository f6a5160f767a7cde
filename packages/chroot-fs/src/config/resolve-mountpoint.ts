import { posix } from 'node:path';
import { lookInDirectory, type Place, resolveInRoot } from '../resolve-in-root.ts';

/** Something that is mounted earlier, and where on the host its content is; `undefined` for a file system of its own. */
export interface MountedBefore {
  destination: string;
  source: string | undefined;
}

/** Where a mount goes, and what is there. */
export interface Mountpoint extends Place {
  /** The directory or file of the host that is there now; `undefined` when there is none, or a file system that is still to be made. */
  onHost: string | undefined;
}

/**
 * Finds where in a container a mount goes, through links that end nowhere too, and what it covers.
 * @param destination absolute and plain
 * @param options `root`: directory of the host; `before`: what is mounted earlier, in order
 * @throws SystemError ELOOP, ENOTDIR as {@link resolveInRoot}
 * @example
 * resolveMountpoint('/var/run/lock', { root: '/srv/box', before: [{ destination: '/run', source: undefined }] });
 */
export function resolveMountpoint(
  destination: string,
  { root, before }: { root: string; before: readonly MountedBefore[] },
): Mountpoint {
  const look = lookInDirectory(root === '/' ? '' : root);
  const place = resolveInRoot(destination, (path) => {
    const covering = coveringOf(path, before);
    if (!covering) return look(path);
    const rest = path.slice(covering.destination === '/' ? 0 : covering.destination.length);
    if (covering.source === undefined) return rest === '' ? 'directory' : undefined;
    return rest === '' ? kindOf(covering.source) : lookInDirectory(covering.source)(rest);
  });
  return { ...place, onHost: onHost(place, { root, before }) };
}

function kindOf(source: string): ReturnType<ReturnType<typeof lookInDirectory>> {
  const seen = lookInDirectory('')(source);
  return typeof seen === 'object' ? 'directory' : seen;
}

/** The latest mount that a path lies in or is the top of. */
function coveringOf(path: string, before: readonly MountedBefore[]): MountedBefore | undefined {
  return before.findLast(
    ({ destination }) => path === destination || path.startsWith(destination === '/' ? '/' : `${destination}/`),
  );
}

function onHost(
  { path, kind }: Place,
  { root, before }: { root: string; before: readonly MountedBefore[] },
): string | undefined {
  if (kind === undefined) return undefined;
  const covering = coveringOf(path, before);
  if (!covering) return posix.join(root, path);
  return covering.source && posix.join(covering.source, path.slice(covering.destination.length));
}
