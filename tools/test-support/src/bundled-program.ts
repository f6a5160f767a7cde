import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll } from '@jest/globals';
import { build, type Plugin, stop } from 'esbuild';

let building = 0;

/**
 * The command that runs a TypeScript program of the tests, with all it imports in one file that every user can read. Such a
 * program starts ten times as fast as one whose modules are compiled one by one, and tests start hundreds of them. The file
 * is removed after the tests of the file that asks for it, which it does outside of its tests.
 * @example
 * const PROGRAM = await bundledProgram(new URL('programs/run-options.ts', import.meta.url));
 */
export async function bundledProgram(source: URL): Promise<readonly [node: string, program: string]> {
  const path = fileURLToPath(source);
  // Jest calls nothing at the end of a file whose tests are all skipped: so it lies where whoever runs Jest removes everything.
  const directory = mkdtempSync(join(process.env['CORACLE_TEST_SCRATCH'] ?? tmpdir(), 'coracle-program-'));
  afterAll(() => rmSync(directory, { recursive: true }));
  chmodSync(directory, 0o755);
  const outfile = join(directory, `${basename(path, '.ts')}.mjs`);
  building++;
  await build({
    entryPoints: [path],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['@coracle/source'],
    external: ['koffi', '@homebridge/dbus-native'],
    plugins: [whereItWas],
  });
  // Its process would count as one that the test has left; but modules that ask at once share it.
  if (--building === 0) await stop();
  chmodSync(outfile, 0o644);
  giveKoffi(directory);
  return [process.execPath, outfile];
}

/** A copy of koffi's binary where the program finds it: the checkout may be closed to the user who runs the program. */
function giveKoffi(directory: string): void {
  const name = `@koromix/koffi-linux-${process.arch}`;
  const koffi = realpathSync(join(import.meta.dirname, '../../../packages/syscalls/node_modules/koffi'));
  mkdirSync(join(directory, 'node_modules/koffi'), { recursive: true });
  cpSync(join(koffi, '..', name), join(directory, 'node_modules', name), { recursive: true, dereference: true });
}

/** What a module says of its own place stays true, but for the one that looks for koffi. */
const whereItWas: Plugin = {
  name: 'where-it-was',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      if (path.endsWith('/load-koffi.ts')) return undefined;
      const contents = readFileSync(path, 'utf8')
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
        .replaceAll('import.meta.filename', JSON.stringify(path))
        .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)));
      return { loader: 'ts', contents };
    });
  },
};
