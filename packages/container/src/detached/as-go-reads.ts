import type { Config, ConfigError } from '@coracle/oci-spec';
import type { Problem, Remark } from '@coracle/oci-spec/checks';
import { type ConfigWarning, isConfigError } from '../oci/config-error.ts';

/** What the validation of a configuration has to say that matters here. */
export type Said = Pick<ConfigError, 'remarks'> & { problems?: readonly Problem[] };

/**
 * A configuration as the decoder reads it that most engines and their runtimes are written with: a name in another case is the
 * field's, unless that is there by its own name, and `null` is as good as absent. Nothing is looked for: the validation knows.
 * @param said what it has said of the configuration
 * @returns a copy, and what is spelt otherwise; `undefined` when it is the same
 * @example
 * asGoReads({ ...config, Hostname: 'box' }, { remarks: [{ path: '$.Hostname', text: '...', meant: 'hostname' }] });
 */
export function asGoReads<T extends object = Config>(
  config: T,
  { remarks, problems = [] }: Said,
): { config: T; warnings: ConfigWarning[] } | undefined {
  if (!isAboutMembers({ remarks, problems })) return undefined;
  const copy = structuredClone(config);
  const members = problems.filter(isNull).map(({ path }) => find(copy, path));
  const absent = members.filter((member) => member !== undefined);
  for (const { parent, name } of absent) delete parent[name];
  const warnings = remarks.filter(isOtherCase).flatMap(({ path, meant }) => {
    const member = find(copy, path);
    if (!member) return [];
    const { parent, name } = member;
    if (!Object.hasOwn(parent, meant)) parent[meant] = parent[name];
    delete parent[name];
    return [{ path, text: `is taken as '${meant}', as the specification has it` }];
  });
  return absent.length + warnings.length === 0 ? undefined : { config: copy, warnings };
}

/**
 * The same for the text of a part of a configuration, as `exec` and `update` are given one in a file.
 * @param parse what reads and validates it, such as `parseProcess` of `@coracle/oci-spec/validate`
 * @param onWarning called for each name that is spelt otherwise
 * @throws what `parse` throws, when that is about something else
 * @example
 * parseAsGoReads('{ "Pids": { "limit": 5 } }', parseResources); // { pids: { limit: 5 } }
 */
export function parseAsGoReads<T extends object>(
  text: string,
  parse: (text: string, options: { onRemark: (remark: Remark) => void }) => T,
  onWarning: (warning: ConfigWarning) => void = () => {},
): T {
  const remarks: Remark[] = [];
  let value: T | undefined;
  let failure: ConfigError | undefined;
  try {
    value = parse(text, { onRemark: (remark) => void remarks.push(remark) });
  } catch (error) {
    if (!isConfigError(error)) throw error;
    failure = error;
  }
  const said: Said = failure ?? { remarks };
  const written: unknown = isAboutMembers(said) ? JSON.parse(text) : undefined;
  const read = isObject(written) ? asGoReads(written, said) : undefined;
  if (!read) {
    if (value) return value;
    throw failure;
  }
  for (const warning of read.warnings) onWarning(warning);
  return parseAsGoReads(JSON.stringify(read.config), parse, onWarning);
}

/** Whether anything that was said is of the kind that is read otherwise: then the text is JSON, too. */
function isAboutMembers({ remarks, problems = [] }: Said): boolean {
  return remarks.some(isOtherCase) || problems.some(isNull);
}

function isNull({ found }: Problem): boolean {
  return found === 'null';
}

function isOtherCase(remark: Remark): remark is Remark & { meant: string } {
  const { path, meant } = remark;
  return meant !== undefined && path.toLowerCase().endsWith(`.${meant.toLowerCase()}`);
}

/** Where a member is, by its JSON path: `$.linux.devices[0].path`. Items of an array are no members. */
function find(value: unknown, path: string): { parent: Record<string, unknown>; name: string } | undefined {
  const keys = [...path.matchAll(/\.([A-Za-z_]\w*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/g)].map(
    ([, name, index, quoted]) => name ?? index ?? String(JSON.parse(quoted ?? '""')),
  );
  const name = keys.pop();
  let parent = value;
  for (const key of keys) parent = isObject(parent) ? parent[key] : undefined;
  return name !== undefined && isObject(parent) && !Array.isArray(parent) ? { parent, name } : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
