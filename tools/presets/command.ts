import { readFileSync } from 'node:fs';
import { defineConfig } from 'tsup';
import { BUNDLE_PLUGINS } from './bundle-plugins.mjs';
import { COMMANDS } from './commands.mjs';
import { licensesOfBundled } from './licenses.mjs';
import { pack } from './pack.mjs';

/**
 * The build of a command as one CommonJS file, which Node 20 loads faster than an ES module: Node's start is most of what a command
 * costs, and every further file read and byte parsed adds to it. The workspace's packages are bundled from their sources, so
 * nothing else has to be built first. koffi stays outside: it brings a prebuilt binary for each platform.
 */
export const command = (name: keyof typeof COMMANDS): ReturnType<typeof defineConfig> => {
  const licenses = licensesOfBundled();
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  return defineConfig({
    entry: { [name]: 'src/main.ts' },
    format: 'cjs',
    target: 'node20',
    platform: 'node',
    splitting: false,
    clean: true,
    dts: false,
    plugins: [
      {
        name: 'pack',
        async buildEnd() {
          await pack(this.options.outDir, COMMANDS[name]);
          licenses.write(this.options.outDir);
        },
      },
    ],
    esbuildPlugins: [licenses.plugin, ...BUNDLE_PLUGINS],
    noExternal: [/^(?!koffi$|node:)/],
    external: ['koffi'],
    // Without the dashes Node takes --env-file, wherever it stands, as its own: it would read the file into this process, with
    // NODE_OPTIONS and all, and end with 9 where there is none.
    banner: { js: '#!/usr/bin/env -S node --' },
    define: { 'import.meta.filename': '__filename', [COMMANDS[name].versionName]: JSON.stringify(version) },
    esbuildOptions(options) {
      options.conditions = ['@coracle/source'];
    },
  });
};
