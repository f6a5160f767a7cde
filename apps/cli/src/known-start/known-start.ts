import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { SentStart } from '@coracle/container/again';
import type { Seen } from './watch.ts';

/** How root asks for a start. */
export interface Asked {
  /** The program that is asked: another build of it plans otherwise. */
  build: string;
  words: readonly string[];
  cwd: string;
  gid: number;
}

/** A start that was made: what it was made from, what was sent for it, and what was told to the user. */
export interface KnownStart extends Asked, Seen {
  sent: SentStart;
  /** Lines for standard error: at the start, and when the kernel ended something for want of memory; and whether all such are JSON. */
  said: { atStart: readonly string[]; outOfMemory: string | undefined; json: boolean };
}

/** So many are kept; one that comes to lie where another is takes its place. */
const PLACES = 16;
const NAME = 'start-';

/** The file that a start is kept in. */
export function placeOf(stateRoot: string, words: readonly string[]): string {
  let hash = 0;
  for (const character of words.join('\0')) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) | 0;
  return `${stateRoot}/${NAME}${(hash >>> 0) % PLACES}`;
}

/** Whether a start is known for what is asked. */
export function isFor({ build, words, cwd, gid }: Asked, known: Asked): boolean {
  return JSON.stringify([build, words, cwd, gid]) === JSON.stringify([known.build, known.words, known.cwd, known.gid]);
}

/** What is longer has long arguments, and takes its time anyhow. */
const LONGEST = 256 * 1024;

/** Keeps a start, in one piece: readers see the old file or the new. Where there is no room it is not kept. */
export function keep(place: string, { sent, ...rest }: KnownStart): void {
  const { monitor, first, ...described } = sent;
  const head = JSON.stringify({ ...rest, sent: { ...described, lengths: [monitor.length, first.length] } });
  if (head.length + monitor.length + first.length > LONGEST) return;
  const next = place.replace(NAME, `.${NAME}${process.pid}-`);
  try {
    writeFileSync(next, Buffer.concat([Buffer.from(`${head}\n`), monitor, first]), { mode: 0o600 });
    renameSync(next, place);
  } catch {
    if (existsSync(next)) rmSync(next);
  }
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
