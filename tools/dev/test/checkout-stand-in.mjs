import { spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const DEV = fileURLToPath(new URL('..', import.meta.url));

// Stands in for npx: notes how it was called and makes what an installation makes.
const NPX = `#!/bin/sh
echo "npx $*" >> "$STAND_IN_LOG"
echo "home $HOME" >> "$STAND_IN_LOG"
echo "installing goes on and on"
[ -e package.json ] || exit 9
[ ! -e install-fails ] || { echo "ERR no such version" >&2; exit 3; }
mkdir -p node_modules/tsup/dist && touch node_modules/.modules.yaml && cp tsup-stand-in node_modules/tsup/dist/cli-default.js
`;

// Stands in for tsup: the "bundle" is the source.
const TSUP = `const { appendFileSync, copyFileSync, readFileSync } = require('node:fs');
appendFileSync(process.env.STAND_IN_LOG, 'tsup\\n');
console.log('building goes on and on');
if (readFileSync('src/main.ts', 'utf8').includes('SYNTAX')) { console.error('main.ts: no such syntax'); process.exit(1); }
copyFileSync('src/main.ts', process.argv[process.argv.indexOf('--out-dir') + 1] + '/coracle.cjs');
`;

/** The command of the stand-in: says what it was given. */
export const MAIN = `const read = process.argv.includes('read') ? require('node:fs').readFileSync(0, 'utf8') : '';
console.log(JSON.stringify({ args: process.argv.slice(2), self: process.argv[1], read }));
process.exitCode = Number(process.argv.at(-1)) || 0;
`;

/** A checkout as a clone leaves it, in which installing and building take no time and are written down. */
export class Checkout {
  constructor() {
    this.home = mkdtempSync(join(tmpdir(), 'coracle-checkout-'));
    chmodSync(this.home, 0o755);
    this.root = join(this.home, 'clone');
    this.log = join(this.home, 'log');
    mkdirSync(join(this.home, 'bin'));
    writeFileSync(join(this.home, 'bin/npx'), NPX, { mode: 0o755 });
    writeFileSync(this.log, '', { mode: 0o666 });
    chmodSync(this.log, 0o666);
    cpSync(DEV, join(this.root, 'tools/dev'), { recursive: true, filter: (path) => !path.endsWith('/test') });
    this.write('package.json', '{ "type": "module", "packageManager": "pnpm@1.2.3" }');
    this.write('pnpm-lock.yaml', 'lock');
    this.write('tsup-stand-in', TSUP);
    this.write('packages/errors/src/index.ts', '// a package');
    this.write('packages/errors/package.json', '{}');
    this.write('apps/cli/src/main.ts', MAIN);
    this.write('apps/cli/package.json', '{ "type": "module" }');
  }

  write(path, text) {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  has(path) {
    return existsSync(join(this.root, path));
  }

  /** Lets every user write to it. */
  giveAway() {
    for (const path of readdirSync(this.home, { recursive: true })) chmodSync(join(this.home, path), 0o777);
  }

  /** Runs `npm start -- ARGS` without npm. */
  start(args = [], { input = '', env = {}, ...options } = {}) {
    const child = spawn(process.execPath, [join(this.root, 'tools/dev/start.mjs'), ...args], {
      cwd: '/',
      env: {
        ...process.env,
        PATH: join(this.home, 'bin') + delimiter + process.env.PATH,
        STAND_IN_LOG: this.log,
        ...env,
      },
      ...options,
    });
    const result = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text) => {
      result.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      result.stderr += text;
    });
    child.stdin.on('error', () => {}).end(input);
    return new Promise((resolve, reject) => {
      child.on('error', reject).on('close', (code) => resolve({ ...result, code }));
    });
  }

  /** The tools that were called since the last time this was asked. */
  calls() {
    const words = readFileSync(this.log, 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[0]);
    writeFileSync(this.log, '');
    return words.filter((word) => word === 'npx' || word === 'tsup');
  }

  remove() {
    rmSync(this.home, { recursive: true, force: true });
  }
}
