import { OptionError } from '../options/option-error.ts';
import type { Tmpfs, Volume } from '../options/options.ts';
import { csvField } from './csv-fields.ts';
import { NAMES } from './mount-fields.ts';
import type { MountSpec } from './mount-spec.ts';
import { checkTmpfsOptions } from './tmpfs-spec.ts';

/**
 * The text by which `--mount` describes a mount: `parseMount` turns it back.
 * @throws {OptionError} for options of a tmpfs that only `--tmpfs` has
 * @example
 * formatMount({ type: 'bind', source: '/a,b', target: '/c' }); // type=bind,"source=/a,b",target=/c
 */
export function formatMount(mount: MountSpec): string {
  const words = mount.type === 'bind' ? bindWords(mount) : tmpfsWords(mount);
  return [`type=${mount.type}`, ...words].map(csvField).join(',');
}

function bindWords({
  source,
  target,
  readOnly,
  recursive,
  propagation,
  dev,
  exec,
  suid,
  idmap,
  chown,
  relabel,
}: Volume): string[] {
  const word = (key: string, value: string | boolean | undefined): string[] =>
    value === undefined ? [] : [`${key}=${value}`];
  return [
    `source=${source}`,
    `target=${target}`,
    ...word('readonly', readOnly),
    ...word('bind-recursive', recursive),
    ...word('bind-propagation', propagation),
    ...word('dev', dev),
    ...word('exec', exec),
    ...word('suid', suid),
    ...word('idmap', idmap),
    ...word('chown', chown),
    ...word('relabel', relabel),
  ];
}

function tmpfsWords({ target, options = [] }: Tmpfs): string[] {
  checkTmpfsOptions(options);
  const words = options.map((option) => {
    if (/^(size|mode)=/.test(option)) return `tmpfs-${option}`;
    if (NAMES.has(option)) return option;
    throw new OptionError('tmpfs', `--mount has no key for '${option}'`, `write --tmpfs ${target}:${option}`);
  });
  return [`target=${target}`, ...words];
}
