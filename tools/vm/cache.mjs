import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where built files are kept between runs: beside this file, and not in git. */
export const CACHE_DIRECTORY = join(import.meta.dirname, '.cache');

/**
 * Files that take a while to make.
 * @typedef {object} Cache
 * @property {boolean} kept false when the files live for one run only
 * @property {(prefix: string, key: string, make: () => Buffer) => string} file the path of the file of this key; one of
 *   the same prefix with another key is outdated and goes
 * @property {() => void} close removes what is not kept
 */

/**
 * Opens a directory as a cache; where this user cannot write, a temporary one.
 * @param {string} [directory]
 * @returns {Cache}
 */
export function openCache(directory = CACHE_DIRECTORY) {
  const kept = isWritable(directory);
  const place = kept ? directory : mkdtempSync(join(tmpdir(), 'coracle-vm-'));
  return {
    kept,
    file: (prefix, key, make) => provide(place, `${prefix}-`, `${prefix}-${key}`, make),
    close() {
      if (!kept) rmSync(place, { recursive: true, force: true });
    },
  };
}

/** Nobody sees half a file: it gets its name when it is complete. */
function provide(directory, prefix, name, make) {
  const path = join(directory, name);
  if (statSync(path, { throwIfNoEntry: false })) return path;
  const content = make();
  const unfinished = `${path}.new${process.pid}`;
  try {
    writeFileSync(unfinished, content);
    renameSync(unfinished, path);
  } finally {
    rmSync(unfinished, { force: true });
  }
  for (const other of readdirSync(directory)) {
    if (other.startsWith(prefix) && other !== name && !isBeingWritten(other))
      rmSync(join(directory, other), { force: true });
  }
  return path;
}

function isBeingWritten(name) {
  const [, pid] = /\.new(\d+)$/.exec(name) ?? [];
  return pid !== undefined && statSync(`/proc/${pid}`, { throwIfNoEntry: false }) !== undefined;
}

function isWritable(directory) {
  try {
    mkdirSync(directory, { recursive: true });
    rmSync(mkdtempSync(join(directory, '.try-')), { recursive: true });
    return true;
  } catch (error) {
    if (['EACCES', 'EPERM', 'EROFS'].includes(error.code)) return false;
    throw error;
  }
}
