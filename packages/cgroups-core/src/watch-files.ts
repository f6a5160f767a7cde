import { type FSWatcher, statSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { isErrno, SystemError } from '@coracle/errors';
import type { Watcher } from './event-stream.ts';

/**
 * Watches files of a group for changes that the kernel makes, and the group for its removal: inotify(7), without polling.
 *
 * Each file is watched by itself: a watch of the directory would not hold the kernel's node of the file in memory, and would
 * miss changes when memory is short, which is when they matter. A removal is told of by the directory above alone.
 * @param files names; those that are not there are left out
 * @returns what ends the watching
 * @throws SystemError ENOENT when the group is gone; EMFILE, ENOSPC when the user watches too much already
 * @see inotify(7), the kernel's admin-guide/cgroup-v2 "[populated] Notification"
 * @example
 * const stop = watchFiles('/sys/fs/cgroup/box', ['cgroup.events'], { changed: () => {}, gone: () => stop(), failed: () => {} });
 */
export function watchFiles(directory: string, files: readonly string[], watcher: Watcher): () => void {
  const watches: FSWatcher[] = [];
  const stop = (): void => {
    for (const one of watches.splice(0)) one.close();
  };
  const begin = (path: string, told: (name: string | null) => void): void => {
    const one = watch(path, (_, name) => told(name));
    one.on('error', (cause) => watcher.failed(refine(cause, path)));
    watches.push(one);
  };
  try {
    const name = basename(directory);
    begin(dirname(directory), (changed) => {
      // It may be late news of a group that had the name before, or this one may have been replaced already.
      if (changed === name && nodeOf(directory) !== node) watcher.gone();
    });
    const node = nodeOf(directory);
    if (node === undefined) throw noGroup(directory);
    for (const file of files) beginIfThere(`${directory}/${file}`, begin, watcher);
  } catch (cause) {
    stop();
    throw refine(cause, directory);
  }
  return stop;
}

/** What tells two groups of one name apart. */
function nodeOf(directory: string): bigint | undefined {
  return statSync(directory, { bigint: true, throwIfNoEntry: false })?.ino;
}

function beginIfThere(
  path: string,
  begin: (path: string, told: (name: string | null) => void) => void,
  watcher: Watcher,
): void {
  try {
    begin(path, () => watcher.changed());
  } catch (error) {
    // Its controller is not handed down to this group, or the kernel is older than the file.
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}

function refine(cause: unknown, path: string): unknown {
  if (cause instanceof SystemError) return cause;
  if (isErrno(cause, 'ENOENT')) return noGroup(path);
  if (isErrno(cause, 'ENOSPC', 'EMFILE')) {
    return new SystemError({
      code: isErrno(cause, 'ENOSPC') ? 'ENOSPC' : 'EMFILE',
      syscall: 'inotify_add_watch',
      path,
      text: 'you watch as many files as one user may',
      hint: 'end other watches, or raise fs.inotify.max_user_watches and fs.inotify.max_user_instances with sysctl',
      cause,
    });
  }
  return cause;
}

function noGroup(path: string): SystemError {
  return new SystemError({
    code: 'ENOENT',
    syscall: 'inotify_add_watch',
    path,
    text: `there is no group ${path}`,
    hint: 'it was removed, or never made',
  });
}
