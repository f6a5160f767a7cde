import { parseMountOptions } from '@coracle/chroot-fs';
import { checkString } from '../options/check-string.ts';
import { OptionError } from '../options/option-error.ts';
import type { Tmpfs } from '../options/options.ts';
import { didYouMean } from './volume-spec.ts';

/** A tmpfs's own options and what their values look like; `undefined` for one without a value. See tmpfs(5). */
const OPTIONS: ReadonlyMap<string, { shape: RegExp; example: string } | undefined> = new Map([
  ['size', { shape: /^\d+[kmgtpe]?$|^\d+%$/i, example: 'size=64m or size=10%' }],
  ['mode', { shape: /^[0-7]{1,4}$/, example: 'mode=1777' }],
  ['uid', { shape: /^\d{1,10}$/, example: 'uid=1000' }],
  ['gid', { shape: /^\d{1,10}$/, example: 'gid=1000' }],
  ['nr_inodes', { shape: /^\d+[kmgtpe]?$/i, example: 'nr_inodes=10k' }],
  ['nr_blocks', { shape: /^\d+[kmgtpe]?$/i, example: 'nr_blocks=10k' }],
  ['huge', { shape: /^(never|always|within_size|advise)$/, example: 'huge=never' }],
  ['mpol', { shape: /./, example: 'mpol=local' }],
  ['inode32', undefined],
  ['inode64', undefined],
  ['noswap', undefined],
]);

/** What goes for every mount, by the words of mount(8); more of them are understood. */
const USUAL = ['ro', 'rw', 'exec', 'noexec', 'dev', 'nodev', 'suid', 'nosuid', 'noatime'];

/**
 * A directory in memory as `--tmpfs` has it: `DST`, `DST:size=64m,mode=1777`.
 * @throws {OptionError} for an option that a tmpfs does not have, or a value that it does not take
 * @example
 * parseTmpfs('/tmp:size=64m'); // { target: '/tmp', options: ['size=64m'] }
 */
export function parseTmpfs(text: string): Tmpfs {
  const at = text.indexOf(':');
  if (text === '' || at === 0)
    throw new OptionError('tmpfs', `--tmpfs ${text}: no directory is named`, 'write --tmpfs /in/the/container');
  if (at < 0) return { target: text };
  const options = text
    .slice(at + 1)
    .split(',')
    .filter((option) => option !== '');
  checkTmpfsOptions(options);
  return { target: text.slice(0, at), options };
}

/**
 * @throws {OptionError} for an option that a tmpfs does not have, or a value that it does not take
 */
export function checkTmpfsOptions(options: readonly string[]): void {
  for (const option of options) checkString('tmpfs', option);
  const { bind, idmap, data } = parseMountOptions(options);
  const word = bind ?? idmap;
  if (word) throw new OptionError('tmpfs', `'${word}' is for volumes, not for a tmpfs`, 'leave it out');
  for (const [name, value] of data) {
    const known = OPTIONS.get(name);
    if (!OPTIONS.has(name))
      throw new OptionError(
        'tmpfs',
        `a tmpfs has no option '${name}'`,
        didYouMean(name, [...OPTIONS.keys(), ...USUAL]),
      );
    if (known === undefined && value !== undefined)
      throw new OptionError('tmpfs', `'${name}' of a tmpfs takes no value`, `write ${name} alone`);
    if (known && !known.shape.test(value ?? ''))
      throw new OptionError('tmpfs', `a tmpfs cannot have ${name}=${value ?? ''}`, `write it like ${known.example}`);
  }
}
