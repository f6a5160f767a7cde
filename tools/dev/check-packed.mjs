// Packs every public package as it would be published and lets publint and attw judge the tarballs: is all there that the
// manifest names, and do its types resolve for those who import it? The package for cgroups is then installed alone in an empty
// directory and used there. Needs `npm run build` first.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runsAlone } from './alone.mjs';
import { ROOT } from './checkout.mjs';

const JUDGES = [
  ['publint', ['node_modules/publint/src/cli.js', 'run', '--strict']],
  ['attw', ['node_modules/@arethetypeswrong/cli/dist/index.js', '--profile', 'esm-only', '--no-emoji', '--no-color']],
];

/** What is to be of use without the rest. */
const ALONE = { name: '@coracle/cgroups', program: join(ROOT, 'packages/cgroups/test/alone/program.mjs') };

const directory = mkdtempSync(join(tmpdir(), 'coracle-packed-'));
let problems = 0;
try {
  pack(directory);
  const tarballs = readdirSync(directory);
  checkAlone(tarballs);
  for (const tarball of tarballs) {
    check(tarball, 'contents', missingFiles(join(directory, tarball)));
    for (const [name, args] of JUDGES) {
      if (name === 'attw' && isCommand(join(directory, tarball))) continue; // it has no types to be wrong
      const { status, stdout, stderr } = spawnSync(process.execPath, [...args, join(directory, tarball)], {
        cwd: ROOT,
        encoding: 'utf8',
      });
      check(tarball, name, status === 0 ? '' : stdout + stderr);
    }
  }
  if (tarballs.length === 0) check('packages', 'pack', 'no package was packed');
  console.log(`packed: ${tarballs.length} packages, ${problems === 0 ? 'all in order' : `${problems} problems`}`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
process.exitCode = problems === 0 ? 0 : 1;

function check(tarball, judge, complaint) {
  if (!complaint) return;
  problems++;
  console.error(`${tarball}: ${judge}:\n${complaint.trim()}`);
}

function checkAlone(tarballs) {
  const byName = new Map(
    tarballs.map((tarball) => {
      const path = join(directory, tarball);
      const manifest = manifestOf(path);
      return [manifest.name, { path, manifest }];
    }),
  );
  const { complaint, notes } = runsAlone({ ...ALONE, tarballs: byName, directory });
  check(ALONE.name, 'alone', complaint);
  for (const note of notes) console.log(`packed: ${note}`);
}

/** pnpm's own packing: it puts publishConfig in force and versions in the place of `workspace:`. */
function pack(destination) {
  const { packageManager } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const names = ['packages', 'apps']
    .flatMap((group) => readdirSync(join(ROOT, group)).map((name) => `${group}/${name}`))
    .filter((path) => JSON.parse(readFileSync(join(ROOT, path, 'package.json'), 'utf8')).private !== true);
  const filters = names.flatMap((path) => ['--filter', `./${path}`]);
  const args = ['--yes', '--loglevel=error', packageManager, '--recursive', ...filters, 'pack'];
  execFileSync('npx', [...args, '--pack-destination', destination], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

function manifestOf(tarball) {
  return JSON.parse(execFileSync('tar', ['-xzOf', tarball, 'package/package.json'], { encoding: 'utf8' }));
}

function isCommand(tarball) {
  return manifestOf(tarball).exports === undefined;
}

/** What the manifest or the law asks for and the tarball lacks. */
function missingFiles(tarball) {
  const files = new Set(execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).split('\n'));
  const { bin, exports } = manifestOf(tarball);
  const named = [...Object.values(bin ?? {}), ...Object.values(exports ?? {}).flatMap(Object.values)];
  return ['LICENSE', 'README.md', ...named]
    .map((path) => path.replace(/^\.\//, ''))
    .filter((path) => !files.has(`package/${path}`))
    .map((path) => `${path} is missing`)
    .join('\n');
}
