import { chmodSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from '@jest/globals';
import { build, stop } from 'esbuild';
import { whereItWas } from './where-it-was.mjs';

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
    plugins: [whereItWas({ but: '/load-koffi.ts' })], // which looks for koffi beside the bundle
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
