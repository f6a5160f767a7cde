import { defineConfig } from 'tsup';

/** The build of a library package: ES modules with types, one entry a public path. */
export const library = (entry: string[] | Record<string, string> = ['src/index.ts']): ReturnType<typeof defineConfig> =>
  defineConfig({ entry, format: 'esm', target: 'es2022', dts: true, clean: true, treeshake: true });
