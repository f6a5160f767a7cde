import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Requirement } from '@coracle/test-support';
import { Ajv, type ValidateFunction } from 'ajv';

/**
 * The runtime specification, version 1.3.0, as its repository has it: the directory that the variable names, or `runtime-spec` beside
 * this checkout. Its schemas and samples are not ours to copy.
 */
const PLACES = [process.env['CORACLE_RUNTIME_SPEC'], join(import.meta.dirname, '../../../../../runtime-spec')];
const found = PLACES.find((place) => place !== undefined && existsSync(join(place, 'schema/config-schema.json')));

/** The specification's schemas and samples. */
export const specification: Requirement = {
  what: 'the runtime specification, in CORACLE_RUNTIME_SPEC or beside the checkout',
  met: found !== undefined,
};

/** Its samples of one kind and quality: the names of the files, with their texts. */
export function samplesOf(
  kind: 'config' | 'state' | 'features',
  quality: 'good' | 'bad',
): [name: string, text: string][] {
  const directory = join(found ?? '', 'schema/test', kind, quality);
  if (!existsSync(directory)) return [];
  return readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), 'utf8')]);
}

/** What of a schema tells which fields there are. */
export interface Schema {
  $ref?: string;
  allOf?: Schema[];
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: Schema;
}

/** A file of its schemas. */
export function schemaFile(name: string): Schema {
  return JSON.parse(readSchema(name));
}

/** What its schema says of a value. */
export function officialCheck(kind: 'config' | 'state' | 'features'): ValidateFunction {
  const ajv = new Ajv({ strict: false, validateSchema: false, logger: false, inlineRefs: false });
  for (const name of readdirSync(join(found ?? '', 'schema')).filter((name) => name.endsWith('.json'))) {
    // Of draft 4 they use nothing that later drafts read in another way; only its name is refused.
    ajv.addSchema({ ...JSON.parse(readSchema(name)), $schema: undefined }, name);
  }
  const check = ajv.getSchema(`${kind}-schema.json`);
  if (check === undefined) throw new Error(`no schema of ${kind}`);
  return check;
}

function readSchema(name: string): string {
  return readFileSync(join(found ?? '', 'schema', name), 'utf8');
}
