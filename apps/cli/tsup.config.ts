import { defineConfig } from 'tsup';

/**
 * The command as one file: Node's start is most of what `coracle run` costs, and every further file read adds to it. The
 * workspace's packages are bundled from their sources, so nothing else has to be built first. koffi stays outside: it
 * brings a prebuilt binary for each platform.
 */
export default defineConfig({
  entry: { coracle: 'src/main.ts' },
  format: 'esm',
  target: 'node20',
  platform: 'node',
  splitting: false,
  clean: true,
  dts: false,
  noExternal: [/^(?!koffi$|node:)/],
  external: ['koffi'],
  banner: {
    // CommonJS dependencies that were bundled call require() for Node's own modules.
    js: "#!/usr/bin/env node\nimport { createRequire as coracleRequire } from 'node:module';\nconst require = coracleRequire(import.meta.url);",
  },
  esbuildOptions(options) {
    options.conditions = ['@coracle/source', 'node', 'import'];
  },
});
