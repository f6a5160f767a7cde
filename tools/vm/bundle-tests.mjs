import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/**
 * Puts each test with all that it imports of this repository in one file: in the machine it takes Jest a tenth of a second to find and to
 * read a module, and a test has hundreds of them. See bundled-test.mjs for what Jest does with them.
 * @param {string} root the checkout
 * @param {string[]} files the tests, relative to it
 * @param {string} directory where they are put, with the paths that they have in the checkout
 */
export async function bundleTests(root, files, directory) {
  await build({
    absWorkingDir: root,
    entryPoints: files,
    outdir: directory,
    outbase: root,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['@coracle/source'],
    sourcemap: 'inline',
    sourcesContent: false,
    plugins: [othersPackages, whereItWas],
    logLevel: 'warning',
  });
}

/** They are few, and some are no ES modules. */
const othersPackages = {
  name: 'others-packages',
  setup({ onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === 'entry-point' || path.startsWith('@coracle/') ? undefined : { path, external: true },
    );
  },
};

/** What a module says of its own place stays true. */
const whereItWas = {
  name: 'where-it-was',
  setup({ onLoad }) {
    onLoad({ filter: /\.m?[jt]s$/ }, ({ path }) => ({
      loader: path.endsWith('ts') ? 'ts' : 'js',
      contents: readFileSync(path, 'utf8')
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
        .replaceAll('import.meta.filename', JSON.stringify(path))
        .replaceAll('import.meta.dirname', JSON.stringify(dirname(path))),
    }));
  },
};
