import { join } from 'node:path';

/** Tests of the kernel may have been bundled: see bundle-tests.mjs. */
const bundled =
  process.env.CORACLE_TEST_BUNDLES === undefined
    ? {}
    : { '\\.root\\.test\\.ts$': join(import.meta.dirname, '../vm/bundled-test.mjs') };

/** How every package is tested: TypeScript sources as ES modules, packages resolved to their sources. */
export default {
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  setupFilesAfterEnv: [join(import.meta.dirname, 'retry.js')],
  extensionsToTreatAsEsm: ['.ts'],
  testEnvironment: 'node',
  // A busy machine is no failure; what hangs is found all the same.
  testTimeout: 60_000,
  testEnvironmentOptions: { customExportConditions: ['@coracle/source', 'node'] },
  transform: {
    ...bundled,
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'es6' } },
    ],
  },
};
