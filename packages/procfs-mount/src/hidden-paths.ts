import { posix } from 'node:path';
import { SystemError } from '@coracle/errors';

/** Paths of the kernel's file systems that a container may not see, or may not change. */
export interface HiddenPaths {
  masked: readonly string[];
  readonly: readonly string[];
}

/**
 * Brings the lists of masked and read-only paths into the order and the shortest form in which they can be applied:
 * sorted with directories before what is in them, each path once, none below another that covers it already.
 * @throws SystemError EINVAL for a path that is not absolute and plain (`..`, `//`, a slash at the end) or that is not
 *   inside `/proc` or `/sys`
 * @example
 * planHiddenPaths({ masked: ['/proc/kcore', '/proc/kcore'], readonly: ['/proc/sys/net', '/proc/sys'] });
 * // { masked: ['/proc/kcore'], readonly: ['/proc/sys'] }
 */
export function planHiddenPaths({ masked, readonly }: HiddenPaths): HiddenPaths {
  for (const path of [...masked, ...readonly]) check(path);
  const hidden = outermost(masked);
  return { masked: hidden, readonly: outermost(readonly).filter((path) => !isCovered(path, hidden)) };
}

function check(path: string): void {
  const refuse = (text: string, hint: string): SystemError =>
    new SystemError({ code: 'EINVAL', syscall: 'mount', path, text, hint });
  if (!path.startsWith('/') || posix.normalize(path) !== path || path.endsWith('/') || path.includes('\0'))
    throw refuse(
      'the path is not absolute and plain',
      'write it from the root, without . or .. and without slashes at the end',
    );
  if (!/^\/(proc|sys)\/./.test(path))
    throw refuse('the path is not inside /proc or /sys', 'only paths of the kernel are masked or made read-only here');
}

function outermost(paths: readonly string[]): string[] {
  const kept: string[] = [];
  for (const path of [...new Set(paths)].toSorted()) if (!isCovered(path, kept)) kept.push(path);
  return kept;
}

function isCovered(path: string, by: readonly string[]): boolean {
  return by.some((directory) => path === directory || path.startsWith(`${directory}/`));
}
