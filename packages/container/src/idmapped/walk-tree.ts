import { closeSync, fstatSync, readdirSync, type Stats } from 'node:fs';
import { AT_FDCWD, flags, OPEN, openHow, RESOLVE, runLocally, type Step, step } from '@coracle/syscalls';

/** After so many files others have their turn. */
const TURN = 256;

/** A file or directory of a tree: a descriptor of it (O_PATH), and what it is. */
export interface Place {
  fd: number;
  stats: Stats;
}

/**
 * Goes through a tree of the host, file by file. Each is opened in its directory, which is open itself, and visited by descriptor:
 * whoever renames or links meanwhile can lead it nowhere else. Symbolic links are visited, not followed; what is mounted below is left.
 * @param source absolute, without symbolic links on the way (realpath(3)): one that is there now was put there since it was looked at
 * @param why of the system calls
 * @throws SystemError ELOOP for such a link, else for the first file that the system refuses; and what `visit` throws
 * @see openat2(2) (since Linux 5.6)
 */
export async function walkTree(
  source: string,
  { why, visit }: { why: string; visit: (place: Place) => void },
): Promise<void> {
  const walk = { why, visit, done: 0 };
  const place = open({ dir: AT_FDCWD, name: Buffer.from(source), why });
  if (place !== undefined) await enter(place, walk);
}

interface Walk {
  why: string;
  visit: (place: Place) => void;
  done: number;
}

async function enter(place: number, walk: Walk): Promise<void> {
  try {
    if (++walk.done % TURN === 0) await new Promise((resume) => setImmediate(resume));
    const stats = fstatSync(place);
    walk.visit({ fd: place, stats });
    if (!stats.isDirectory()) return;
    for (const name of readdirSync(`/proc/self/fd/${place}`, { encoding: 'buffer' })) {
      const entry = open({ dir: place, name, why: walk.why });
      if (entry !== undefined) await enter(entry, walk);
    }
  } finally {
    closeSync(place);
  }
}

/** @returns `undefined` for what is gone meanwhile, or on another mount */
function open({ dir, name, why }: { dir: number; name: Buffer; why: string }): number | undefined {
  const isTop = dir === AT_FDCWD;
  const how = openHow({
    flags: flags(OPEN, 'O_PATH', 'O_NOFOLLOW', 'O_CLOEXEC'),
    resolve: isTop
      ? flags(RESOLVE, 'RESOLVE_NO_SYMLINKS')
      : flags(RESOLVE, 'RESOLVE_BENEATH', 'RESOLVE_NO_XDEV', 'RESOLVE_NO_SYMLINKS'),
  });
  const path = Buffer.concat([name, Buffer.of(0)]); // names need not be UTF-8
  const fd = take(step('openat2', [dir, path, how, how.bytes.length], { why, ...(isTop ? {} : GONE) }));
  return fd < 0 ? undefined : fd;
}

const GONE = { tolerate: ['ENOENT', 'EXDEV'] } as const;

/** Takes one step here; its result, negative where that is tolerated. */
export function take(one: Step): number {
  const outcome = runLocally([one]);
  outcome.throwIfFailed();
  return outcome.results[0] ?? -1;
}
