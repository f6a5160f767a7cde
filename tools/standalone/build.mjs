// `npm run build:standalone [-- DIRECTORY]`: the commands as single executable files, which need no Node where they run. They
// are written to dist/standalone, or to the directory. Bun is fetched for it: it compiles the same TypeScript together with
// itself, and starts in a fraction of Node's time.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { BUN } from './bun.mjs';

const ROOT = join(import.meta.dirname, '../..');

const OPTIONS = [
  ...['--compile', '--bytecode', '--minify'],
  // A command ends before machine code for it pays, and each page it is written to is new to the kernel.
  '--compile-jit-policy=1000',
  // What lies in the directory it is called in is none of its business.
  '--no-compile-autoload-dotenv',
  '--no-compile-autoload-bunfig',
];

const COMMANDS = [
  { name: 'coracle', app: 'apps/cli', versionName: 'CORACLE_VERSION' },
  { name: 'coracle-oci', app: 'apps/oci-runtime', versionName: 'CORACLE_OCI_VERSION' },
];

/** Bun has a foreign-function interface of its own, so nothing needs to lie beside the file. */
const withoutKoffi = {
  name: 'without-koffi',
  setup({ onResolve }) {
    const path = join(import.meta.dirname, 'src/open-libc.ts');
    onResolve({ filter: /^\.\/open-libc\.ts$/ }, () => ({ path }));
  },
};

const directory = resolve(process.argv[2] ?? join(ROOT, 'dist/standalone'));
mkdirSync(directory, { recursive: true });
const scratch = mkdtempSync(join(tmpdir(), 'coracle-standalone-'));
try {
  for (const { name, app, versionName } of COMMANDS) {
    const { version } = JSON.parse(readFileSync(join(ROOT, app, 'package.json'), 'utf8'));
    const bundle = join(scratch, `${name}.js`);
    await build({
      entryPoints: [join(ROOT, app, 'src/main.ts')],
      outfile: bundle,
      bundle: true,
      format: 'cjs',
      platform: 'node',
      target: 'node20',
      conditions: ['@coracle/source'],
      external: ['bun:ffi'],
      define: { [versionName]: JSON.stringify(version), 'import.meta.filename': '__filename' },
      plugins: [withoutKoffi],
      logLevel: 'warning',
    });

    execFileSync('npx', [...BUN, 'build', bundle, ...OPTIONS, '--outfile', join(directory, name)], {
      cwd: scratch,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    console.log(join(directory, name));
  }
} finally {
  rmSync(scratch, { recursive: true });
}
