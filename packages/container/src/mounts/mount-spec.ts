import { parseSize } from '@coracle/cgroups';
import { isErrno } from '@coracle/errors';
import { OptionError } from '../options/option-error.ts';
import type { Tmpfs, Volume } from '../options/options.ts';
import { type Fields, KEYS_OF, type Key, type Refuse, readFields } from './mount-fields.ts';
import { PROPAGATIONS } from './propagation.ts';
import { didYouMean } from './volume-spec.ts';

/** A mount as `--mount` describes it: a volume, or a directory in memory. */
export type MountSpec = ({ type: 'bind' } & Volume) | ({ type: 'tmpfs' } & Tmpfs);

/** Types that Docker knows and that do not exist here. */
const NOT_DONE: ReadonlyMap<string, string> = new Map([
  ['image', 'use type=bind with a directory of the host'],
  ['cluster', 'mount its volume on the host, and that directory with type=bind'],
  ['npipe', 'it is of Windows: share a socket with type=bind'],
]);
const RECURSIONS = ['enabled', 'disabled', 'writable', 'readonly'] as const;
const LABELS = ['shared', 'private'] as const;
const BIND_EXAMPLE = 'write type=bind,source=/on/the/host,target=/in/the/container';

/**
 * A mount as Docker's `--mount` has it: `type=bind,source=/srv,target=/data,readonly` or
 * `type=tmpfs,target=/tmp,tmpfs-size=64m`. A field with a comma in it stands in quotes: `"source=/a,b"`.
 * @throws {OptionError} for keys that do not exist, stand there twice, are missing or do not go with the type, for values
 *   that cannot be meant, and for named volumes, which do not exist yet
 * @example
 * parseMount('type=bind,src=/srv,dst=/data,ro'); // { type: 'bind', source: '/srv', target: '/data', readOnly: true }
 */
export function parseMount(text: string): MountSpec {
  const refuse: Refuse = (reason, hint) => new OptionError('volumes', `--mount ${text}: ${reason}`, hint);
  const fields = readFields(text, refuse);
  const type = typeOf(fields, refuse);
  for (const [key, field] of Object.entries(fields))
    if (!KEYS_OF[type].some((allowed) => allowed === key))
      throw refuse(`${field.name} does not go with type=${type}`, `there are ${KEYS_OF[type].join(', ')}`);
  const target = fields.target?.value;
  if (target === undefined || target === '')
    throw refuse('no target is named', 'add target=/in/the/container (or destination=, dst=)');
  return type === 'bind' ? bindOf(fields, target, refuse) : tmpfsOf(fields, target, refuse);
}

function typeOf({ type, source }: Fields, refuse: Refuse): 'bind' | 'tmpfs' {
  if (type === undefined && source && /^[./~]/.test(source.value))
    throw refuse('no type is named', 'add type=bind for a file or directory of the host');
  // Docker reads it so.
  const word = type?.value.toLowerCase() ?? 'volume';
  if (word === 'volume') throw noVolumes(refuse);
  const notDone = NOT_DONE.get(word);
  if (notDone !== undefined) throw refuse(`type=${word} cannot be had`, notDone);
  if (word !== 'bind' && word !== 'tmpfs')
    throw refuse(`there is no type '${type?.value}'`, didYouMean(word, ['bind', 'tmpfs']));
  return word;
}

function noVolumes(refuse: Refuse): OptionError {
  return refuse(
    'volumes that the program keeps by name do not exist yet',
    'write type=bind,source=/a/directory/of/the/host, or type=tmpfs for one in memory that is gone at the end',
  );
}

function bindOf(fields: Fields, target: string, refuse: Refuse): MountSpec {
  const source = fields.source?.value;
  if (source === undefined || source === '') throw refuse('no source is named', BIND_EXAMPLE);
  const propagation = oneOf(fields, 'bind-propagation', PROPAGATIONS, refuse);
  const recursive = recursionOf(fields, refuse);
  const relabel = oneOf(fields, 'relabel', LABELS, refuse);
  return {
    type: 'bind',
    source,
    target,
    ...switches(fields),
    ...(fields.readonly ? { readOnly: fields.readonly.isOn } : {}),
    ...(fields.idmap ? { idmap: fields.idmap.isOn } : {}),
    ...(fields.chown ? { chown: fields.chown.isOn } : {}),
    ...(recursive === undefined ? {} : { recursive }),
    ...(propagation === undefined ? {} : { propagation }),
    ...(relabel === undefined ? {} : { relabel }),
  };
}

function recursionOf(fields: Fields, refuse: Refuse): Volume['recursive'] {
  const recursive = oneOf(fields, 'bind-recursive', RECURSIONS, refuse);
  if (!fields['bind-nonrecursive']) return recursive;
  if (recursive !== undefined)
    throw refuse('bind-recursive and bind-nonrecursive are about the same', 'write bind-recursive=disabled alone');
  return fields['bind-nonrecursive'].isOn ? 'disabled' : 'enabled';
}

function oneOf<Word extends string>(
  fields: Fields,
  key: Key,
  words: readonly Word[],
  refuse: Refuse,
): Word | undefined {
  const value = fields[key]?.value;
  if (value === undefined) return undefined;
  const word = words.find((one) => one === value);
  if (word === undefined) throw refuse(`${key} cannot be '${value}'`, didYouMean(value, words));
  return word;
}

function switches({ dev, exec, suid }: Fields): Pick<Volume, 'dev' | 'exec' | 'suid'> {
  return {
    ...(dev ? { dev: dev.isOn } : {}),
    ...(exec ? { exec: exec.isOn } : {}),
    ...(suid ? { suid: suid.isOn } : {}),
  };
}

function tmpfsOf(fields: Fields, target: string, refuse: Refuse): MountSpec {
  const { readonly, 'tmpfs-size': size, 'tmpfs-mode': mode } = fields;
  const options = [
    ...(readonly ? [readonly.isOn ? 'ro' : 'rw'] : []),
    ...Object.entries(switches(fields)).map(([name, isOn]) => (isOn ? name : `no${name}`)),
    ...(size ? [`size=${bytesOf(size.value, refuse)}`] : []),
    ...(mode ? [`mode=${modeOf(mode.value, refuse)}`] : []),
  ];
  return { type: 'tmpfs', target, ...(options.length === 0 ? {} : { options }) };
}

function bytesOf(text: string, refuse: Refuse): bigint {
  try {
    return parseSize(text);
  } catch (error) {
    if (!isErrno(error, 'EINVAL')) throw error;
    throw refuse(`tmpfs-size cannot be '${text}'`, 'write a number of bytes, or one with k, m or g: tmpfs-size=64m');
  }
}

function modeOf(text: string, refuse: Refuse): string {
  if (!/^[0-7]{1,4}$/.test(text)) throw refuse(`tmpfs-mode cannot be '${text}'`, 'write it in octal: tmpfs-mode=1777');
  return text;
}
