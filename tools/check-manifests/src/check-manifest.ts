import { isDeepStrictEqual } from 'node:util';

/** A parsed package.json: nothing is known of it yet. */
export type Manifest = Readonly<Record<string, unknown>>;

/**
 * What a published package's manifest lacks or has wrong; empty when it is right.
 * @example
 * checkManifest('errors', { name: 'errors' }); // ['name is "errors" and not "@coracle/errors"', ...]
 */
export function checkManifest(directoryName: string, manifest: Manifest): string[] {
  return [
    ...checkFields(directoryName, manifest),
    ...checkScripts(manifest['scripts']),
    ...checkExports(manifest['exports'], manifest['publishConfig']),
  ];
}

function checkFields(directoryName: string, manifest: Manifest): string[] {
  const names = [`@coracle/${directoryName}`, 'coracle'];
  const name = manifest['name'];
  const right: [field: string, expected: unknown][] = [
    ['license', 'Apache-2.0'],
    ['type', 'module'],
    ['sideEffects', false],
    ['engines', { node: '>=20.19' }],
    ['files', ['dist']],
  ];
  return [
    ...(typeof name === 'string' && names.includes(name) ? [] : [`name is ${show(name)} and not ${show(names[0])}`]),
    ...(/^\d+\.\d+\.\d+/.test(String(manifest['version']))
      ? []
      : [`version ${show(manifest['version'])} is no version`]),
    ...(/\w{3}/.test(String(manifest['description'] ?? '')) ? [] : ['there is no description']),
    ...right
      .filter(([field, expected]) => !isDeepStrictEqual(manifest[field], expected))
      .map(([field, expected]) => `${field} is ${show(manifest[field])} and not ${show(expected)}`),
  ];
}

function checkScripts(scripts: unknown): string[] {
  return ['build', 'test', 'typecheck']
    .filter((name) => typeof property(scripts, name) !== 'string')
    .map((name) => `there is no script ${name}`);
}

/** In the repository the sources come first; what is published knows nothing of them. */
function checkExports(exports: unknown, publishConfig: unknown): string[] {
  const published = property(publishConfig, 'exports');
  const problems = property(publishConfig, 'access') === 'public' ? [] : ['publishConfig.access is not "public"'];
  if (!isObject(exports) || !isObject(published)) return [...problems, 'exports and publishConfig.exports are needed'];
  if (!Object.hasOwn(exports, '.')) problems.push('exports has no "."');
  if (!isDeepStrictEqual(Object.keys(exports), Object.keys(published))) {
    problems.push('exports and publishConfig.exports differ in their entries');
  }
  for (const [entry, conditions] of Object.entries(exports)) {
    if (entry === './package.json') continue;
    problems.push(...expectConditions(`exports["${entry}"]`, conditions, ['@coracle/source', 'types', 'default']));
    problems.push(...expectConditions(`publishConfig.exports["${entry}"]`, published[entry], ['types', 'default']));
  }
  return problems;
}

function expectConditions(what: string, conditions: unknown, expected: string[]): string[] {
  const names = isObject(conditions) ? Object.keys(conditions) : [];
  if (isDeepStrictEqual(names, expected)) return [];
  return [`${what} has the conditions ${show(names)} and not ${show(expected)}, in this order`];
}

function property(value: unknown, key: string): unknown {
  return isObject(value) ? value[key] : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? 'missing';
}
