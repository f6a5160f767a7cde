import { describe, expect, test } from '@jest/globals';
import { checkManifest } from '../src/check-manifest.ts';

const RIGHT = {
  name: '@coracle/errors',
  version: '0.1.0',
  description: 'Errno numbers',
  license: 'Apache-2.0',
  type: 'module',
  sideEffects: false,
  engines: { node: '>=20.19' },
  files: ['dist'],
  exports: { '.': { '@coracle/source': './src/index.ts', types: './dist/index.d.ts', default: './dist/index.js' } },
  publishConfig: { access: 'public', exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } } },
  scripts: { build: 'tsup', test: 'jest', typecheck: 'tsc' },
};

test('a manifest with everything in order is not complained about', () => {
  expect(checkManifest('errors', RIGHT)).toEqual([]);
});

test('the package with the project’s own name may be called so', () => {
  expect(checkManifest('coracle', { ...RIGHT, name: 'coracle' })).toEqual([]);
});

describe('a field that is wrong is named with what it is and should be', () => {
  test.each([
    ['name', 'errors', 'name is "errors" and not "@coracle/errors"'],
    ['version', undefined, 'version missing is no version'],
    ['description', '', 'there is no description'],
    ['license', 'MIT', 'license is "MIT" and not "Apache-2.0"'],
    ['type', undefined, 'type is missing and not "module"'],
    ['sideEffects', true, 'sideEffects is true and not false'],
    ['engines', { node: '>=18' }, 'engines is {"node":">=18"} and not {"node":">=20.19"}'],
    ['files', ['dist', 'src'], 'files is ["dist","src"] and not ["dist"]'],
    ['scripts', { build: 'x', test: 'y' }, 'there is no script typecheck'],
    ['exports', undefined, 'exports and publishConfig.exports are needed'],
  ])('%s', (field, value, problem) => {
    expect(checkManifest('errors', { ...RIGHT, [field]: value })).toEqual([problem]);
  });

  test('all of them at once', () => {
    expect(checkManifest('errors', {}).length).toBeGreaterThan(8);
  });
});

describe('exports', () => {
  const published = RIGHT.publishConfig.exports['.'];
  const source = RIGHT.exports['.'];

  test('must not publish the sources', () => {
    const publishConfig = { access: 'public', exports: { '.': source } };
    expect(checkManifest('errors', { ...RIGHT, publishConfig })).toEqual([
      'publishConfig.exports["."] has the conditions ["@coracle/source","types","default"] and not ["types","default"], in this order',
    ]);
  });

  test('must put types before default, for the first match wins', () => {
    const exports = { '.': { '@coracle/source': 'a', default: 'b', types: 'c' } };
    expect(checkManifest('errors', { ...RIGHT, exports })).toEqual([expect.stringContaining('in this order')]);
  });

  test('must have the same entries in the repository and as published', () => {
    const exports = { '.': source, './testing': source };
    const problems = checkManifest('errors', { ...RIGHT, exports });
    expect(problems).toContain('exports and publishConfig.exports differ in their entries');
  });

  test('may have several entries', () => {
    const exports = { '.': source, './testing': source };
    const publishConfig = { access: 'public', exports: { '.': published, './testing': published } };
    expect(checkManifest('errors', { ...RIGHT, exports, publishConfig })).toEqual([]);
  });

  test('must be published for everyone', () => {
    const publishConfig = { exports: RIGHT.publishConfig.exports };
    expect(checkManifest('errors', { ...RIGHT, publishConfig })).toEqual(['publishConfig.access is not "public"']);
  });
});
