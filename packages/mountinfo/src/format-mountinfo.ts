import { encodeEscapes } from './escapes.ts';
import type { MountInfo, PropagationTags } from './mount-info.ts';

/**
 * Writes mounts as the kernel does: the inverse of {@link parseMountinfo}, for fixtures and property tests.
 * Each line ends in a newline; no mounts give the empty text.
 * @see proc_pid_mountinfo(5)
 * @example
 * formatMountinfo(parseMountinfo(text)) === text;
 */
export function formatMountinfo(mounts: readonly MountInfo[]): string {
  return mounts.map((mount) => `${formatLine(mount)}\n`).join('');
}

function formatLine(mount: MountInfo): string {
  return [
    mount.id,
    mount.parentId,
    `${mount.major}:${mount.minor}`,
    encodeEscapes(mount.root),
    encodeEscapes(mount.mountPoint),
    formatOptions(mount.options),
    ...formatTags(mount.tags),
    '-',
    encodeEscapes(mount.type, '#'),
    encodeEscapes(mount.source, '#'),
    formatOptions(mount.superOptions),
  ].join(' ');
}

function formatTags({ shared, master, propagateFrom, unbindable }: PropagationTags): string[] {
  const words: string[] = [];
  if (shared !== undefined) words.push(`shared:${shared}`);
  if (master !== undefined) words.push(`master:${master}`);
  if (propagateFrom !== undefined) words.push(`propagate_from:${propagateFrom}`);
  if (unbindable) words.push('unbindable');
  return words;
}

function formatOptions(options: readonly string[]): string {
  return options.map((option) => encodeEscapes(option, ',')).join(',');
}
