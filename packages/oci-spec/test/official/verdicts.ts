import { everything } from '../everything.ts';
import { type Keys, partsOf, withPart } from '../tree.ts';
import { officialCheck, type Schema, schemaFile } from './schemas.ts';

/** What takes the place of each part of a configuration, one after the other. */
const VALUES: readonly unknown[] = [
  ...[null, true, 0, -1, 0.5, 1, 6, 512, 65536, 4294967295, 4294967296, 9007199254740991, '', 'x', '/x', 'a=b'],
  ...['RLIMIT_CPU', 'pid', 'c', 'MB:', '1KB', [], {}, ['x'], [1], [{}], { a: 'b' }, { a: 1 }],
];

/** What the official schema says of each small change to a configuration with every field. */
export interface Verdicts {
  values: readonly unknown[];
  /** The fields of the schema: `[]` for any item, `.*` for any name. */
  fields: string[];
  /** For each part a `1` or a `0` for each of the values, and one for the part taken away, if it is no item of an array. */
  verdicts: [keys: Keys, replaced: string, removed: string][];
}

/** Asks the official schema. */
export function askSchema(): Verdicts {
  const accepts = officialCheck('config');
  if (!accepts(everything)) throw new Error('the schema refuses the configuration that is to be changed');
  const verdict = (value: unknown): string => (accepts(value) ? '1' : '0');
  const verdicts = partsOf(everything).map((keys): Verdicts['verdicts'][number] => [
    keys,
    VALUES.map((value) => verdict(withPart(everything, keys, value))).join(''),
    typeof keys.at(-1) === 'number' ? '' : verdict(withPart(everything, keys, undefined)),
  ]);
  const fields = [...fieldsOf(schemaFile('config-schema.json'), { file: 'config-schema.json', at: '$' })];
  return { values: VALUES, fields: [...new Set(fields)].sort(), verdicts };
}

function* fieldsOf(schema: Schema, { file, at }: { file: string; at: string }): Generator<string> {
  if (schema.$ref !== undefined) {
    const [name = '', pointer = ''] = schema.$ref.split('#');
    yield* fieldsOf(resolve(name || file, pointer), { file: name || file, at });
  }
  for (const part of [...(schema.allOf ?? []), ...(schema.anyOf ?? [])]) yield* fieldsOf(part, { file, at });
  for (const [key, member] of Object.entries(schema.properties ?? {})) {
    yield `${at}.${key}`;
    yield* fieldsOf(member, { file, at: `${at}.${key}` });
  }
  if (schema.items !== undefined) yield* fieldsOf(schema.items, { file, at: `${at}[]` });
  if (schema.additionalProperties !== undefined) yield* fieldsOf(schema.additionalProperties, { file, at: `${at}.*` });
}

function resolve(file: string, pointer: string): Schema {
  const keys = pointer.split('/').filter((key) => key !== '');
  return keys.reduce((part, key) => Object(part)[key], schemaFile(file));
}
