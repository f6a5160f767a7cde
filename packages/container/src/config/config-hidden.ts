import type { Config } from '@coracle/oci-spec';
import { checkPath } from '../options/check-string.ts';
import { OptionError } from '../options/option-error.ts';
import type { ContainerOptions } from '../options/options.ts';

/** The paths of a configuration that a container's programs can't read, and those they can't write. */
export type Hidden = Required<Pick<NonNullable<Config['linux']>, 'maskedPaths' | 'readonlyPaths'>>;

/**
 * What is hidden from a container: by default what Docker hides, in a privileged one nothing; `unmask` takes paths out of these lists, and
 * `mask` names others, which are hidden from the privileged too.
 * @param ofMachine what this machine has beside the usual paths
 * @throws {OptionError} for a path that cannot be meant
 */
export function hiddenFor(
  { privileged = false, security = {} }: Pick<ContainerOptions, 'privileged' | 'security'>,
  { linux = {} }: Config,
  ofMachine: readonly string[] = [],
): Hidden {
  const { systemPaths, mask = [], unmask = [] } = security;
  for (const path of mask) checkMask(path);
  const usual: Hidden = {
    maskedPaths: [...(linux.maskedPaths ?? []), ...ofMachine],
    readonlyPaths: [...(linux.readonlyPaths ?? [])],
  };
  const shown = unmask.map((pattern) => matcher(pattern, [...usual.maskedPaths, ...usual.readonlyPaths]));
  const stays = (path: string): boolean => !shown.some((matches) => matches(path));
  const showsAll = privileged || systemPaths === 'unconfined';
  return {
    maskedPaths: [...(showsAll ? [] : usual.maskedPaths.filter(stays)), ...mask],
    readonlyPaths: showsAll ? [] : usual.readonlyPaths.filter(stays),
  };
}

/** Places that a container cannot do without. */
const NEEDED = /^\/+(\.?\/*|proc\/*|dev\/*)$/;

function checkMask(path: string): void {
  checkPath('security.mask', path);
  const example = 'write the whole path in the container: /proc/version';
  if (!path.startsWith('/')) throw new OptionError('security.mask', `'${path}' is no absolute path to hide`, example);
  if (NEEDED.test(path))
    throw new OptionError('security.mask', `'${path}' cannot be hidden: no container can do without it`, example);
}

/** As shells have it: `*` and `?` stand for anything but a slash. */
function matcher(pattern: string, hidden: readonly string[]): (path: string) => boolean {
  const names = pattern.split('/');
  const matches = (path: string): boolean => {
    const parts = path.split('/');
    return parts.length === names.length && parts.every((part, index) => matchesName(names[index] ?? '', part));
  };
  if (!hidden.some(matches))
    throw new OptionError(
      'security.unmask',
      `'${pattern}' is not hidden, so it cannot be shown`,
      `there are ${hidden.join(', ')}; a * stands for a part of a name`,
    );
  return matches;
}

/** Goes back to the last star alone, which is enough: a regular expression would try all of them, and take years for some. */
function matchesName(pattern: string, name: string): boolean {
  let at = 0;
  let star: { at: number; taken: number } | undefined;
  for (let index = 0; index < name.length; ) {
    if (pattern[at] === '*') {
      star = { at, taken: index };
      at++;
    } else if (pattern[at] === '?' || pattern[at] === name[index]) {
      at++;
      index++;
    } else if (star) {
      star.taken++;
      index = star.taken;
      at = star.at + 1;
    } else return false;
  }
  return /^\**$/.test(pattern.slice(at));
}
