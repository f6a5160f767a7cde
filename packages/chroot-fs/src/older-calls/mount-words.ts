import { type Flags, flags, MOUNT_ATTR, MS } from '@coracle/syscalls';

/**
 * What forbids something in a mount, in the words of mountinfo: `ro`, `nosuid` ... and how access times are kept: `relatime`,
 * `noatime` or `strictatime`, which mountinfo leaves unsaid.
 */
export type MountWords = ReadonlySet<string>;

type MsName = keyof typeof MS;

/** Each word with its bit for mount_setattr(2) and fsmount(2), and its bit for mount(2). */
const WORDS: readonly (readonly [word: string, attribute: number, ms: MsName])[] = [
  ['ro', MOUNT_ATTR.MOUNT_ATTR_RDONLY, 'MS_RDONLY'],
  ['nosuid', MOUNT_ATTR.MOUNT_ATTR_NOSUID, 'MS_NOSUID'],
  ['nodev', MOUNT_ATTR.MOUNT_ATTR_NODEV, 'MS_NODEV'],
  ['noexec', MOUNT_ATTR.MOUNT_ATTR_NOEXEC, 'MS_NOEXEC'],
  ['nosymfollow', MOUNT_ATTR.MOUNT_ATTR_NOSYMFOLLOW, 'MS_NOSYMFOLLOW'],
  ['nodiratime', MOUNT_ATTR.MOUNT_ATTR_NODIRATIME, 'MS_NODIRATIME'],
  ['noatime', MOUNT_ATTR.MOUNT_ATTR_NOATIME, 'MS_NOATIME'],
  ['strictatime', MOUNT_ATTR.MOUNT_ATTR_STRICTATIME, 'MS_STRICTATIME'],
  ['relatime', 0, 'MS_RELATIME'],
];

const ACCESS_TIMES = ['noatime', 'strictatime', 'relatime'] as const;

/** The words for the attributes of a new mount. */
export function wordsOfAttributes(attributes: number): MountWords {
  const words = WORDS.filter(([, attribute]) => (attributes & attribute) !== 0).map(([word]) => word);
  return new Set(ACCESS_TIMES.some((word) => words.includes(word)) ? words : [...words, 'relatime']);
}

/** The words of a mount as mountinfo shows it. */
export function wordsOfOptions(options: readonly string[]): MountWords {
  const words = options.filter((option) => WORDS.some(([word]) => word === option));
  return new Set(ACCESS_TIMES.some((word) => words.includes(word)) ? words : [...words, 'strictatime']);
}

/** A mount's words after mount_setattr(2); how access times were kept stays so, unless that is cleared. */
export function withAttributes(words: MountWords, { set, clear }: { set: number; clear: number }): MountWords {
  const changesTime = (clear & MOUNT_ATTR.MOUNT_ATTR__ATIME) !== 0;
  const isTime = (word: string): boolean => ACCESS_TIMES.some((time) => time === word);
  return new Set([
    ...[...words].filter((word) => !changesTime || !isTime(word)),
    ...[...wordsOfAttributes(set)].filter((word) => changesTime || !isTime(word)),
  ]);
}

/** The words as mount(2) takes them. */
export function mountFlags(words: MountWords, ...more: MsName[]): Flags {
  return flags(MS, ...more, ...WORDS.filter(([word]) => words.has(word)).map(([, , ms]) => ms));
}

/** Whether two mounts forbid the same. */
export function isSame(one: MountWords, other: MountWords): boolean {
  return one.size === other.size && [...one].every((word) => other.has(word));
}
