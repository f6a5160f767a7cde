import { OptionError } from '../options/option-error.ts';
import type { Volume } from '../options/options.ts';
import { isSharing, PROPAGATIONS } from './propagation.ts';

/** How each way to treat what is mounted below a read-only volume is written as mount options. */
const READ_ONLY = { enabled: 'ro', readonly: 'ro', disabled: 'ro', writable: 'ro=vfs' } as const;

/**
 * A volume as options of an OCI mount: a bind mount of a whole tree, without devices if nothing else is said.
 * @throws {OptionError} for words that do not exist or contradict each other
 */
export function volumeOptions({
  target,
  readOnly,
  recursive = 'enabled',
  propagation,
  relabel,
  ...volume
}: Volume): string[] {
  const words: readonly [string, string, readonly string[]][] = [
    ['recursive', recursive, Object.keys(READ_ONLY)],
    ['propagation', propagation ?? 'rprivate', PROPAGATIONS],
    ['relabel', relabel ?? 'shared', ['shared', 'private']],
  ];
  for (const [what, word, allowed] of words)
    if (!allowed.includes(word))
      throw new OptionError('volumes', `${target}: ${what} cannot be '${word}'`, `there are ${allowed.join(', ')}`);
  if (!readOnly && (recursive === 'writable' || recursive === 'readonly'))
    throw new OptionError(
      'volumes',
      `${target}: bind-recursive=${recursive} says something of a read-only volume, which this is not`,
      'add readonly, or leave bind-recursive out',
    );
  if (recursive === 'readonly' && isSharing(propagation))
    throw new OptionError(
      'volumes',
      `${target}: with bind-propagation=${propagation} later mounts of the host come in as they are, which bind-recursive=readonly forbids`,
      'leave one of them out',
    );
  return [
    recursive === 'disabled' ? 'bind' : 'rbind',
    ...(readOnly ? [READ_ONLY[recursive]] : []),
    ...(volume.dev ? [] : ['nodev']),
    ...(volume.exec === false ? ['noexec'] : []),
    ...(volume.suid === false ? ['nosuid'] : []),
    ...(volume.idmap ? [recursive === 'disabled' ? 'idmap' : 'ridmap'] : []),
    ...(propagation === undefined ? [] : [propagation]),
  ];
}
