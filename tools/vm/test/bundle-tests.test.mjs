import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { bundleTests } from '../bundle-tests.mjs';

const FILES = {
  'packages/one/test/deep/one.root.test.ts': `
    import { where } from '../../src/where.ts';
    import { ours } from '@coracle/two';
    import { parse } from 'not-installed';
    export const seen: string[] = [...where, import.meta.filename, ours];
    export const later = () => parse;`,
  'packages/one/src/where.ts': 'export const where = [import.meta.url, import.meta.dirname];',
  'packages/one/node_modules/@coracle/two/package.json':
    '{"name":"@coracle/two","exports":{"@coracle/source":"./two.ts","default":"./not-built.js"}}',
  'packages/one/node_modules/@coracle/two/two.ts': "export const ours: string = 'of its sources';",
  'packages/one/node_modules/not-installed/package.json': '{"name":"not-installed","main":"index.js"}',
  'packages/one/node_modules/not-installed/index.js': "exports.parse = 'left where it is';",
};

let root;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'coracle-bundle-'));
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
});
afterEach(() => rmSync(root, { recursive: true }));

test('a test is one file then, and what its modules say of their own places stays true', async () => {
  const [file] = Object.keys(FILES);
  // Beside what is not put in.
  await bundleTests(root, [file], root);
  const bundle = await import(pathToFileURL(join(root, file.replace(/ts$/, 'js'))).href);
  const source = join(root, 'packages/one/src/where.ts');
  expect(bundle.seen).toEqual([pathToFileURL(source).href, dirname(source), join(root, file), 'of its sources']);
  expect(bundle.later()).toBe('left where it is');
});
