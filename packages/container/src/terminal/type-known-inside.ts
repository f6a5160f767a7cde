import { readInRoot } from '@coracle/chroot-fs';
import type { RootOption } from '../options/options.ts';

/** Where distributions keep descriptions of terminals; the last is for those of the administrator, which no host root shows. */
const SHOWN_OF_THE_HOST = ['/usr/share/terminfo', '/lib/terminfo'];
const ALL = [...SHOWN_OF_THE_HOST, '/etc/terminfo'];

/** One that can do nothing needs no description, and any other would be wrong for it. */
const DUMB = 'dumb';

/**
 * What the caller's terminal is, if the programs of a root can know it. Those of a terminal without a description there (a newer
 * emulator's, such as `alacritty` or `xterm-kitty`) would not start, and say that they cannot open it.
 * @param type as TERM has it
 * @returns `undefined` for one that no program of the root knows: there is `xterm` for that, which all of these take
 * @see term(5), term(7) for the places of descriptions
 */
export function typeKnownInside(type: string, root: RootOption): string | undefined {
  if (type === DUMB) return type;
  if (!/^[\w.+-]+$/.test(type)) return undefined;
  const places = root === 'host' ? SHOWN_OF_THE_HOST : ALL;
  const path = root === 'host' ? '/' : typeof root === 'string' ? root : root.path;
  return places.some((place) => isThere(path, `${place}/${type.charAt(0)}/${type}`)) ? type : undefined;
}

/** What stands in the way there does so for the programs inside, too; of a root that cannot be used its own use tells. */
function isThere(root: string, path: string): boolean {
  try {
    return readInRoot(root, path) !== undefined;
  } catch {
    return false;
  }
}
