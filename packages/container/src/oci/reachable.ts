import { realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { isErrno } from '@coracle/errors';
import type { IdsInside } from './copy-up.ts';

/** What of a directory decides who may go through it. */
interface Owned {
  mode: number;
  uid: number;
  gid: number;
}

/** Looks at the host. */
export interface Paths {
  /** Of a directory; links are followed. */
  stat: (path: string) => Owned;
  /** The path without links. */
  real: (path: string) => string;
}

const HOST: Paths = { stat: (path) => statSync(path), real: (path) => realpathSync.native(path) };

/** Permission of everybody else to go through a directory. */
const OTHERS_MAY_PASS = 0o001;

/**
 * Whether the root of a user namespace may go to a path of the host. Its rights reach as far as its ids: a directory of somebody whom
 * the namespace does not know it passes as everybody may.
 * @param inside the ids of the namespace that ids of the host are; `undefined` where they are none
 * @throws SystemError for a path that is not there
 * @see user_namespaces(7), path_resolution(7)
 * @example
 * isReachable('/var/lib/kubelet/pods/1/volume', idsInside(idMaps)); // false where /var/lib/kubelet has the mode 0700
 */
export function isReachable(path: string, inside: IdsInside, { stat, real }: Paths = HOST): boolean {
  return [path, real(path)].every((one) =>
    ancestorsOf(one).every((directory) => {
      const { mode, uid, gid } = stat(directory);
      return (mode & OTHERS_MAY_PASS) !== 0 || inside({ uid, gid }) !== undefined;
    }),
  );
}

function ancestorsOf(path: string): string[] {
  const directory = dirname(path);
  return directory === path ? [] : [...ancestorsOf(directory), directory];
}

/** As {@link isReachable}; a path that is not there is for others to tell of. */
export function isReachableIfThere(path: string, inside: IdsInside): boolean {
  try {
    return isReachable(path, inside);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP')) return true;
    throw error;
  }
}
