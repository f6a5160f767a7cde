import { lstatSync, statSync } from 'node:fs';
import { SystemError } from '@coracle/errors';

/**
 * Looks whether what a state root tells can be believed. Who can write there decides what a command does to the caller's processes, and
 * by its hooks what it runs: a directory under /tmp of a name that all know may have been made by another user.
 * @returns whether it is there
 * @throws SystemError EPERM when it, or the link to it, belongs to somebody else than the caller or root, or everybody can write it;
 *   ENOTDIR when it is no directory
 * @example
 * checkRoot('/run/coracle-oci', process.geteuid?.() ?? 0);
 */
export function checkRoot(root: string, uid: number): boolean {
  const own = lstatSync(root, { throwIfNoEntry: false });
  if (!own) return false;
  const stats = own.isSymbolicLink() ? statSync(root) : own;
  if (!stats.isDirectory()) throw refusal('ENOTDIR', { root, text: 'the state root is no directory' });
  const stranger = [own, stats].find((one) => one.uid !== uid && one.uid !== 0);
  if (stranger) throw refusal('EPERM', { root, text: `the state root belongs to user ${stranger.uid}` });
  if ((stats.mode & 0o002) !== 0) throw refusal('EPERM', { root, text: 'everybody can write the state root' });
  return true;
}

function refusal(code: 'EPERM' | 'ENOTDIR', { root, text }: { root: string; text: string }): SystemError {
  const hint = 'name a directory of yours that nobody else can write: --root DIR; or set XDG_RUNTIME_DIR to one';
  return new SystemError({ code, syscall: 'lstat', path: root, text, hint });
}
