// `npm run build:standalone [-- DIRECTORY]`: the commands as single executable files, which need no Node where they run. They
// are written to dist/standalone, or to the directory. Bun is fetched for it: it compiles the same TypeScript together with
// itself, and starts in a fraction of Node's time.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { BUNDLE_PLUGINS } from '../presets/bundle-plugins.mjs';
import { COMMANDS } from '../presets/commands.mjs';
import { licensesOfBundled } from '../presets/licenses.mjs';
import { learn } from '../presets/pack.mjs';
import { BUN } from './bun.mjs';
import { bytecodeOrders } from './bytecode-order.mjs';
import { askForHugePages } from './huge-pages.mjs';
import { oneOfSeveral } from './one-of-several.mjs';

const ROOT = join(import.meta.dirname, '../..');

const OPTIONS = [
  ...['--compile', '--bytecode', '--minify'],
  // A command ends before machine code for it pays, and each page it is written to is new to the kernel.
  '--compile-jit-policy=1000',
  // What lies in the directory it is called in is none of its business.
  '--no-compile-autoload-dotenv',
  '--no-compile-autoload-bunfig',
];

/** Bun has a foreign-function interface of its own, so nothing needs to lie beside the file. */
const withoutKoffi = {
  name: 'without-koffi',
  setup({ onResolve }) {
    const path = join(import.meta.dirname, 'src/open-libc.ts');
    onResolve({ filter: /^\.\/open-libc\.ts$/ }, () => ({ path }));
  },
};

/** The text of a command. */
async function bundle({ app, versionName }, plugins) {
  const { version } = JSON.parse(readFileSync(join(ROOT, app, 'package.json'), 'utf8'));
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: [join(ROOT, app, 'src/main.ts')],
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    conditions: ['@coracle/source'],
    external: ['bun:ffi', 'koffi'],
    define: { [versionName]: JSON.stringify(version), 'import.meta.filename': '__filename' },
    plugins: [licenses.plugin, ...BUNDLE_PLUGINS, ...plugins],
    logLevel: 'warning',
  });
  return outputFiles[0].text;
}

const licenses = licensesOfBundled();
const directory = resolve(process.argv[2] ?? join(ROOT, 'dist/standalone'));
mkdirSync(directory, { recursive: true });
for (const command of Object.values(COMMANDS)) {
  const { name, app, callsFor, trials } = command;
  const scratch = mkdtempSync(join(ROOT, app, '.standalone-')); // from where koffi is found
  chmodSync(scratch, 0o755); // a user without rights tries it out, too, and reads it for each trial
  try {
    // Node tells what it has run, which is what Bun will run.
    const tried = await bundle(command, []);
    writeFileSync(join(scratch, `${name}.cjs`), `#!/usr/bin/env node\n${tried}`);
    const learned = learn(scratch, { name, trials });
    const program = join(scratch, `${name}.js`);
    writeFileSync(program, await oneOfSeveral(await bundle(command, [withoutKoffi]), { tried, learned, callsFor }));
    const executable = join(directory, name);
    const compile = (options) =>
      execFileSync('npx', [...BUN, 'build', program, ...OPTIONS, ...options, '--outfile', executable], {
        cwd: scratch,
        stdio: ['ignore', 'ignore', 'inherit'],
      });
    compile([]);
    const orders = bytecodeOrders(executable, { trials, directory: scratch });
    if (orders.length > 0) compile([`--bytecode-order=${orders.join(',')}`]);
    if (!askForHugePages(executable)) console.warn(`${name}: this Bun does not have the option for huge pages`);
    console.log(executable);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}
licenses.write(directory);
