import type { OptionError } from '../options/option-error.ts';
import { csvFields } from './csv-fields.ts';
import { didYouMean } from './volume-spec.ts';

/** The keys, under the names each may be written with; a name with `!` says the opposite. */
const KEYS = {
  type: ['type'],
  source: ['source', 'src'],
  target: ['target', 'destination', 'dst'],
  readonly: ['readonly', 'ro', '!rw'],
  dev: ['dev', '!nodev'],
  exec: ['exec', '!noexec'],
  suid: ['suid', '!nosuid'],
  idmap: ['idmap'],
  chown: ['chown', 'u'],
  relabel: ['relabel'],
  'bind-propagation': ['bind-propagation'],
  'bind-recursive': ['bind-recursive'],
  'bind-nonrecursive': ['bind-nonrecursive'],
  'tmpfs-size': ['tmpfs-size'],
  'tmpfs-mode': ['tmpfs-mode'],
  consistency: ['consistency'],
  'volume-nocopy': ['volume-nocopy'],
  'volume-driver': ['volume-driver'],
  'volume-label': ['volume-label'],
  'volume-opt': ['volume-opt'],
  'volume-subpath': ['volume-subpath'],
} as const;

/** A key by its first name. */
export type Key = keyof typeof KEYS;

const SWITCHES: readonly Key[] = [
  'readonly',
  'dev',
  'exec',
  'suid',
  'idmap',
  'chown',
  'bind-nonrecursive',
  'volume-nocopy',
];
const COMMON: readonly Key[] = ['type', 'target', 'readonly', 'dev', 'exec', 'suid', 'consistency'];
/** The keys that go with each type. */
export const KEYS_OF: Readonly<Record<'bind' | 'tmpfs', readonly Key[]>> = {
  bind: [...COMMON, 'source', 'idmap', 'chown', 'relabel', 'bind-propagation', 'bind-recursive', 'bind-nonrecursive'],
  tmpfs: [...COMMON, 'tmpfs-size', 'tmpfs-mode'],
};

const YES = ['true', '1', 't'];
const NO = ['false', '0', 'f'];
/** What each name stands for. */
export const NAMES: ReadonlyMap<string, { key: Key; inverted: boolean }> = new Map(
  (Object.keys(KEYS) as Key[]).flatMap((key) =>
    KEYS[key].map((name): [string, { key: Key; inverted: boolean }] => {
      const inverted = name.startsWith('!');
      return [inverted ? name.slice(1) : name, { key, inverted }];
    }),
  ),
);

/** Those that may be of use: volumes with names do not exist yet. */
const USEFUL = [...NAMES.keys()].filter((name) => !name.startsWith('volume-'));

/** Keys that other programs know and that ask for what does not exist here, or is called otherwise. */
const NOT_DONE: ReadonlyMap<string, string> = new Map([
  ['bind-create-src', 'make the source first: mkdir -p SOURCE'],
  ['image-subpath', 'images cannot be mounted yet: use type=bind with a directory of the host'],
  ['z', 'write relabel=shared, or relabel=private'],
]);

/** Makes the error for a text that cannot be meant. */
export type Refuse = (reason: string, hint?: string) => OptionError;

/** The fields by their keys; switches as booleans. */
export type Fields = Partial<Record<Key, { value: string; isOn: boolean; name: string }>>;

/**
 * The fields of a `--mount` text.
 * @throws {OptionError} for what is no field, for keys that do not exist or stand there twice, for missing values
 */
export function readFields(text: string, refuse: Refuse): Fields {
  const texts = csvFields(text);
  if ('problem' in texts) throw refuse(texts.problem, 'put a field with a comma in quotes: "source=/a,b"');
  const fields: Fields = {};
  for (const field of texts) {
    const at = field.indexOf('=');
    const name = (at < 0 ? field : field.slice(0, at)).toLowerCase();
    const known = NAMES.get(name);
    const notDone = NOT_DONE.get(name);
    if (notDone !== undefined) throw refuse(`'${name}' cannot be had`, notDone);
    if (!known) throw refuse(name === '' ? 'a field is empty' : `there is no key '${name}'`, didYouMean(name, USEFUL));
    const { key, inverted } = known;
    const before = fields[key];
    if (before)
      throw refuse(`${before.name} and ${name} are about the same`, `write one of ${before.name} and ${name}`);
    const isSwitch = SWITCHES.includes(key);
    const value = at < 0 ? 'true' : field.slice(at + 1);
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
