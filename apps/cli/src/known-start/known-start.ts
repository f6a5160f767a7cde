import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { SentStart } from '@coracle/container/again';
import type { Seen } from './watch.ts';

/** How somebody asks for a start. */
export interface Asked {
  /** The program that is asked: another build of it plans otherwise. */
  build: string;
  words: readonly string[];
  cwd: string;
  uid: number;
  gid: number;
  /** Which of input, output and error are the null device: they become that of the container. */
  nulls: readonly number[];
}

/** A start that was made: what it was made from, what was sent for it, and what was told to the user. */
export interface KnownStart extends Asked, Seen {
  sent: SentStart;
  /** Lines for standard error: at the start, and when the kernel ended something for want of memory; and whether all such are JSON. */
  said: { atStart: readonly string[]; outOfMemory: string | undefined; json: boolean };
}

/** So many are kept: some 40 kB each. */
const MOST = 64;
const NAME = 'start-';

/** The file that a start is kept in: another that comes to lie there, and all but never does, takes its place. */
export function placeOf(directory: string, { words, cwd }: Pick<Asked, 'words' | 'cwd'>): string {
  let hash = 0;
  for (const character of [cwd, ...words].join('\0')) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) | 0;
  return `${directory}/${NAME}${hash >>> 0}`;
}

/** Whether a start is known for what is asked. */
export function isFor(asked: Asked, known: Asked): boolean {
  const textOf = ({ build, words, cwd, uid, gid, nulls }: Asked): string =>
    JSON.stringify([build, words, cwd, uid, gid, nulls]);
  return textOf(asked) === textOf(known);
}

/** What is longer has long arguments, and takes its time anyhow. */
const LONGEST = 256 * 1024;

/**
 * Keeps a start, in one piece: readers see the old file or the new. Where there is no room for it, it is not kept; nor where a user's home
 * is not there: to make all that is missing Node would go on for ever in a place that lets nothing be made, as below /proc or an automount.
 */
export function keep(directory: string, { sent, ...rest }: KnownStart): void {
  const { monitor, first, ...described } = sent;
  const head = JSON.stringify({ ...rest, sent: { ...described, lengths: [monitor.length, first.length] } });
  if (head.length + monitor.length + first.length > LONGEST) return;
  const place = placeOf(directory, rest);
  const next = `${directory}/.${NAME}${process.pid}`;
  try {
    for (const one of [dirname(directory), directory]) if (!existsSync(one)) mkdirSync(one, { mode: 0o700 });
    writeFileSync(next, Buffer.concat([Buffer.from(`${head}\n`), monitor, first]), { mode: 0o600 });
    renameSync(next, place);
    forgetOldest(directory);
  } catch {
    if (existsSync(next)) rmSync(next);
  }
}

function forgetOldest(directory: string): void {
  const paths = readdirSync(directory).flatMap((name) => (name.startsWith(NAME) ? [`${directory}/${name}`] : []));
  if (paths.length <= MOST) return;
  const keptAt = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const ages = paths.map((path) => ({ path, at: keptAt(path) })).sort((one, other) => one.at - other.at);
  for (const { path } of ages.slice(0, -MOST)) rmSync(path, { force: true });
}

/** A start that was kept. */
export function recall(place: string): KnownStart {
  const bytes = readFileSync(place);
  const end = bytes.indexOf('\n');
  const { sent, ...rest } = JSON.parse(bytes.toString('utf8', 0, end));
  const { lengths, ...described } = sent;
  const [monitor, first] = lengths as [number, number];
  const at = end + 1;
  if (bytes.length !== at + monitor + first) throw new RangeError('it was cut off');
  return {
    ...rest,
    sent: {
      ...described,
      monitor: bytes.subarray(at, at + monitor),
      first: bytes.subarray(at + monitor, at + monitor + first),
    },
  };
}
