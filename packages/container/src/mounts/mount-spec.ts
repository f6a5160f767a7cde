import { parseSize } from '@coracle/cgroups';
import { isErrno } from '@coracle/errors';
import { OptionError } from '../option-error.ts';
import type { Propagation, Tmpfs, Volume } from '../options.ts';
import { csvField, csvFields } from './csv-fields.ts';
import { checkTmpfsOptions } from './tmpfs-spec.ts';
import { didYouMean } from './volume-spec.ts';

/** A mount as `--mount` describes it: a volume, or a directory in memory. */
export type MountSpec = ({ type: 'bind' } & Volume) | ({ type: 'tmpfs' } & Tmpfs);

/** The keys, under the names each may be written with; a name with `!` says the opposite. */
const KEYS = {
  type: ['type'],
  source: ['source', 'src'],
  target: ['target', 'destination', 'dst'],
  readonly: ['readonly', 'ro', '!rw'],
  dev: ['dev', '!nodev'],
  exec: ['exec', '!noexec'],
  suid: ['suid', '!nosuid'],
  'bind-propagation': ['bind-propagation'],
  'bind-recursive': ['bind-recursive'],
  'bind-nonrecursive': ['bind-nonrecursive'],
  'tmpfs-size': ['tmpfs-size'],
  'tmpfs-mode': ['tmpfs-mode'],
  consistency: ['consistency'],
} as const;

type Key = keyof typeof KEYS;

const SWITCHES: readonly Key[] = ['readonly', 'dev', 'exec', 'suid', 'bind-nonrecursive'];
const COMMON: readonly Key[] = ['type', 'target', 'readonly', 'dev', 'exec', 'suid', 'consistency'];
const KEYS_OF: Readonly<Record<'bind' | 'tmpfs', readonly Key[]>> = {
  bind: [...COMMON, 'source', 'bind-propagation', 'bind-recursive', 'bind-nonrecursive'],
  tmpfs: [...COMMON, 'tmpfs-size', 'tmpfs-mode'],
};

const PROPAGATIONS: readonly Propagation[] = ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave'];
const RECURSIONS = ['enabled', 'disabled', 'writable', 'readonly'] as const;
const YES = ['', 'true', '1', 't'];
const NO = ['false', '0', 'f'];
const BIND_EXAMPLE = 'write type=bind,source=/on/the/host,target=/in/the/container';

const NAMES: ReadonlyMap<string, { key: Key; inverted: boolean }> = new Map(
  (Object.keys(KEYS) as Key[]).flatMap((key) =>
    KEYS[key].map((name): [string, { key: Key; inverted: boolean }] => {
      const inverted = name.startsWith('!');
      return [inverted ? name.slice(1) : name, { key, inverted }];
    }),
  ),
);

type Refuse = (reason: string, hint?: string) => OptionError;

/** The fields by their keys; switches as booleans. */
type Fields = Partial<Record<Key, { value: string; isOn: boolean; name: string }>>;

/**
 * A mount as Docker's `--mount` has it: `type=bind,source=/srv,target=/data,readonly` or
 * `type=tmpfs,target=/tmp,tmpfs-size=64m`. A field with a comma in it stands in quotes: `"source=/a,b"`.
 * @throws {OptionError} for keys that do not exist, stand there twice, are missing or do not go with the type, for values
 *   that cannot be meant, and for named volumes, which do not exist yet
 * @example
 * parseMount('type=bind,src=/srv,dst=/data,ro'); // { type: 'bind', source: '/srv', target: '/data', readOnly: true }
 */
export function parseMount(text: string): MountSpec {
  const refuse: Refuse = (reason, hint) => new OptionError('mount', `--mount ${text}: ${reason}`, hint);
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

function readFields(text: string, refuse: Refuse): Fields {
  const texts = csvFields(text);
  if ('problem' in texts) throw refuse(texts.problem, 'put a field with a comma in quotes: "source=/a,b"');
  const fields: Fields = {};
  for (const field of texts) {
    const at = field.indexOf('=');
    const name = (at < 0 ? field : field.slice(0, at)).toLowerCase();
    const known = NAMES.get(name);
    if (!known) {
      if (name.startsWith('volume-')) throw noVolumes(refuse);
      throw refuse(name === '' ? 'a field is empty' : `there is no key '${name}'`, didYouMean(name, [...NAMES.keys()]));
    }
    const { key, inverted } = known;
    const before = fields[key];
    if (before)
      throw refuse(`${before.name} and ${name} are about the same`, `write one of ${before.name} and ${name}`);
    const value = at < 0 ? '' : field.slice(at + 1);
    const isSwitch = SWITCHES.includes(key);
    if (at < 0 && !isSwitch) throw refuse(`${name} has no value`, `write ${name}=...`);
    fields[key] = { value, name, isOn: isSwitch && isOn({ name, value }, refuse) !== inverted };
  }
  return fields;
}

function isOn({ name, value }: { name: string; value: string }, refuse: Refuse): boolean {
  const word = value.toLowerCase();
  if (YES.includes(word)) return true;
  if (NO.includes(word)) return false;
  throw refuse(`${name}=${value} is neither true nor false`, `write ${name}, ${name}=true or ${name}=false`);
}

function typeOf({ type, source }: Fields, refuse: Refuse): 'bind' | 'tmpfs' {
  if (type === undefined && source && /^[./~]/.test(source.value))
    throw refuse('no type is named', 'add type=bind for a file or directory of the host');
  if (type === undefined || type.value === 'volume') throw noVolumes(refuse);
  if (type.value !== 'bind' && type.value !== 'tmpfs')
    throw refuse(`there is no type '${type.value}'`, didYouMean(type.value, ['bind', 'tmpfs']));
  return type.value;
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
  return {
    type: 'bind',
    source,
    target,
    ...switches(fields),
    ...(fields.readonly ? { readOnly: fields.readonly.isOn } : {}),
    ...(recursive === undefined ? {} : { recursive }),
    ...(propagation === undefined ? {} : { propagation }),
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

/**
 * The text by which `--mount` describes a mount: {@link parseMount} turns it back.
 * @throws {OptionError} for options of a tmpfs that only `--tmpfs` has
 * @example
 * formatMount({ type: 'bind', source: '/a,b', target: '/c' }); // type=bind,"source=/a,b",target=/c
 */
export function formatMount(mount: MountSpec): string {
  const words = mount.type === 'bind' ? bindWords(mount) : tmpfsWords(mount);
  return [`type=${mount.type}`, ...words].map(csvField).join(',');
}

function bindWords({ source, target, readOnly, recursive, propagation, dev, exec, suid }: Volume): string[] {
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
