import {
  hostnameText,
  hostsText,
  lookInDirectory,
  type OwnFile,
  type RootSource,
  resolveInRoot,
  type Seen,
} from '@coracle/chroot-fs';
import { isErrno } from '@coracle/errors';
import type { Mount } from '@coracle/oci-spec';

/** What the files of a container's own depend on. */
export interface OwnFilesContext {
  root: RootSource;
  /** What is mounted in the container. */
  mounts: readonly Mount[];
  hostname: string;
  /** What the host knows of names, where the container shares its network; `undefined` where it does not. */
  hosts: () => string | undefined;
  /** What the container is to know of name servers; `undefined` where the host knows nothing. */
  resolvConf: () => string | undefined;
}

/**
 * The files that tell a container its name and those of others: a root that is a directory has them from where it was made, as a rule
 * another machine. As with Docker they are the container's own; but where the root has none it gets none, and a mount of the user on
 * one, or on a directory it lies in, is what counts.
 */
export function ownFilesFor({ root, mounts, hostname, hosts, resolvConf }: OwnFilesContext): OwnFile[] {
  if (root.kind === 'tmpfs') return [];
  const look = onceEach(lookInDirectory(root.path === '/' ? '' : root.path));
  const isCovered = (place: string): boolean =>
    mounts.some(({ destination }) => `${place}/`.startsWith(`${destination}/`));
  const texts: [path: string, text: () => string | undefined][] = [
    ['/etc/hosts', () => hosts() ?? hostsText(hostname)],
    ['/etc/hostname', () => hostnameText(hostname)],
    ['/etc/resolv.conf', resolvConf],
  ];
  return texts.flatMap(([path, textOf]) => {
    const place = placeOf(path, look);
    const text = place === undefined || isCovered(place) ? undefined : textOf();
    return place === undefined || text === undefined ? [] : [{ path, place, text }];
  });
}

/** Where a file of the root lies, if it has it; what cannot be followed is as good as not there. */
function placeOf(path: string, look: (path: string) => Seen): string | undefined {
  try {
    const place = resolveInRoot(path, look);
    return place.kind === 'file' ? place.path : undefined;
  } catch (error) {
    if (isErrno(error, 'ELOOP', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** All three lie in one directory. */
function onceEach(look: (path: string) => Seen): (path: string) => Seen {
  const seen = new Map<string, Seen>();
  return (path) => {
    if (!seen.has(path)) seen.set(path, look(path));
    return seen.get(path);
  };
}
