import { defineConfig } from 'tsup';

/**
 * The build of a library package: ES modules with types, one entry a public path. Types are taken down and not checked, which
 * `npm run typecheck` does for all of the repository in less time than a package with its dependencies takes here.
 */
export const library = (entry: string[] | Record<string, string> = ['src/index.ts']): ReturnType<typeof defineConfig> =>
  defineConfig({
    entry,
    format: 'esm',
    target: 'es2022',
    dts: { compilerOptions: { noCheck: true } },
    clean: true,
    treeshake: true,
  });
