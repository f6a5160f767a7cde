/**
 * A transformer for Jest: of a test it makes the bundle that bundle-tests.mjs has put into the directory which the environment names.
 * @module
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

function bundleOf(path) {
  const file = relative(ROOT, path).replace(/\.ts$/, '.js');
  return readFileSync(join(process.env.CORACLE_TEST_BUNDLES, file), 'utf8');
}

export default {
  process: (_, path) => ({ code: bundleOf(path) }),
  getCacheKey: (_, path) => createHash('sha256').update(bundleOf(path)).digest('hex'),
};
