import { build } from 'esbuild';
import { whereItWas } from '../test-support/src/where-it-was.mjs';

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
    plugins: [othersPackages, whereItWas()],
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
