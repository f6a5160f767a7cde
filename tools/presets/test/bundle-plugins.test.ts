import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals';
import { build, stop } from 'esbuild';
import { BUNDLE_PLUGINS } from '../bundle-plugins.mjs';
import { licensesOfBundled } from '../licenses.mjs';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coracle-bundle-'));
});
afterAll(stop);
afterEach(() => rmSync(directory, { recursive: true }));

/** Bundles the file `main.js` of some, as a command is. */
async function bundleOf(files: Record<string, string>) {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  const licenses = licensesOfBundled();
  const { outputFiles } = await build({
    absWorkingDir: directory,
    entryPoints: ['main.js'],
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    plugins: [licenses.plugin, ...BUNDLE_PLUGINS],
  });
  return { licenses, text: outputFiles[0]?.text ?? '' };
}

const LATER = {
  'shared.js': "export const shared = () => 'shared';",
  'later.js': "import { shared } from './shared.js'; export const later = () => shared();",
  'door.js':
    "import { shared } from './shared.js'; export const now = shared; export const far = () => import('./later.js');",
  'package.json': '{ "sideEffects": false }',
};

test('what is imported later, and by nothing that is used, leaves the rest of the bundle flat', async () => {
  const { text } = await bundleOf({ ...LATER, 'main.js': "import { now } from './door.js'; console.log(now());" });
  expect(text).not.toContain('__esm');
  expect(text).not.toMatch(/\bimport\(/);
});

test('what is used stays an import, by which the pack refuses it', async () => {
  const { text } = await bundleOf({ ...LATER, 'main.js': "import { far } from './door.js'; far();" });
  expect(text).toMatch(/\bimport\(/);
});

test('a package that is imported later is put in, without what only parts of it need that nobody uses', async () => {
  const { text } = await bundleOf({
    'node_modules/dbus-native/package.json': '{ "name": "dbus-native" }',
    'node_modules/dbus-native/index.js':
      "const xml = require('xml2js'); exports.two = 2; exports.read = () => xml.Parser;",
    'main.js': "import('dbus-native').then(({ two, read }) => console.log(two, read()));",
  });
  expect(text).not.toMatch(/\bimport\(/);
  expect(text).toContain('exports2.two = 2');
  expect(text).toContain('xml2js is not in this program');
});

test('the licenses of the packages in a bundle go with it; one without is refused; without any there is no file', async () => {
  const { licenses } = await bundleOf({
    'node_modules/one/package.json': '{ "name": "one", "version": "1.2.3", "license": "MIT" }',
    'node_modules/one/LICENSE': 'You may.',
    'node_modules/one/index.js': 'exports.one = 1;',
    'main.js': "console.log(require('one'));",
  });
  licenses.write(directory);
  expect(readFileSync(join(directory, 'NOTICES'), 'utf8')).toMatch(/one 1\.2\.3 \(MIT\)\n\nYou may\./);
  rmSync(join(directory, 'NOTICES'));
  rmSync(join(directory, 'node_modules/one/LICENSE'));
  expect(() => licenses.write(directory)).toThrow('one has no file with its license');
  const { licenses: none } = await bundleOf({ 'main.js': 'console.log(1);' });
  none.write(directory);
  expect(existsSync(join(directory, 'NOTICES'))).toBe(false);
});
