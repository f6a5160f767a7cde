import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { minify as minifyScript } from '@swc/core';
import { buildSync } from 'esbuild';
import { cut, split } from './split.mjs';

/** A user without rights and without subordinate ids. */
const NOBODY = 65534;
/** All trials of a program take a few seconds. */
const TRIAL_MS = 120_000;

/**
 * Turns the bundle in a directory into the program that is shipped: a few lines that Node reads as any program, and beside them
 * a file with what they run: what V8 made of the part of the bundle that a start needs, its text, and the text of the rest,
 * which is read when it is called for. Each byte less of the first two is time: they are copied, and their pages are new to the
 * kernel. Where another V8 made it, the text is compiled as that of any other program.
 * @param {string} directory with the bundle as NAME.cjs: ASCII, not minified, behind the line that names the interpreter
 * @param {{ name: string, trials: (directory: string) => string[][], runsLast?: string[] }} how its name; the words it is run
 *   with, one after the other, to learn what a start needs, which may use a directory; functions that run when that can no
 *   longer be looked at
 */
export async function pack(directory, { name, trials, runsLast = [] }) {
  const path = resolve(directory, `${name}.cjs`);
  const [interpreter = '', ...lines] = readFileSync(path, 'latin1').trimEnd().split('\n');
  const bundle = lines.join('\n');
  requireAscii(bundle);
  if (/\bimport\(/.test(bundle)) throw new Error('the bundle imports while it runs, which a script of its own cannot');
  const write = (texts, compiled = Buffer.alloc(0)) => {
    const content = Buffer.concat([compiled, Buffer.from(texts.start, 'latin1'), Buffer.from(texts.rest, 'latin1')]);
    // V8 looks at the length of the text alone, so the name says which text it is: no other's can ever be taken for it.
    const hash = createHash('sha256').update(texts.start).update(texts.rest).digest('hex').slice(0, 16);
    for (const old of readdirSync(directory)) if (old.endsWith('.code')) rmSync(join(directory, old));
    writeFileSync(join(directory, `${name}-${hash}.code`), content);
    const [start, rest] = [texts.start.length, texts.rest.length];
    const code = { file: `${name}-${hash}.code`, compiled: compiled.length, start, rest };
    writeFileSync(path, `${interpreter}\n${program(code)}`); // it stays executable
  };
  write({ start: `${HEAD}${bundle}\n})`, rest: '' });
  const users = process.geteuid?.() === 0 ? [undefined, NOBODY] : [undefined];
  const ran = new Set(users.flatMap((uid) => JSON.parse(tryOut(path, { trials, uid, what: 'ran' }).toString())));
  const texts = cut(
    await minify(split(bundle, (start, called) => ran.has(HEAD.length + start) || runsLast.includes(called))),
  );
  requireAscii(texts.start + texts.rest);
  write(texts);
  write(texts, tryOut(path, { trials, what: 'compiled' }));
}

function requireAscii(text) {
  if (/[^\0-\x7f]/.test(text)) throw new Error('the bundle is not ASCII, which is what it is read as');
}

const FUNCTION = "function (exports, require, module, __filename, __dirname) {'use strict';";
const HEAD = `((fetchRest) => ${FUNCTION}`;

/**
 * All names get short in one go, those that the rest shares with the start as well. Only `fetchRest` is still to be found.
 * Functions with one caller become a part of it: each function less is a tenth of a kilobyte less to be read, and made, by every start.
 */
async function minify(text) {
  const { code } = await minifyScript(`program = ${FUNCTION}${text}\n}`, {
    compress: { passes: 3, ecma: 2020 },
    mangle: true,
    module: false,
    format: { asciiOnly: true },
  });
  return `((fetchRest) => ${code.slice('program='.length).replace(/;\s*$/, '')})`;
}

/** What Node reads: packed.ts, told where the code is. */
function program(code) {
  const { outputFiles } = buildSync({
    entryPoints: [fileURLToPath(new URL('packed.ts', import.meta.url))],
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    minifySyntax: true,
    conditions: ['@coracle/source'],
    define: { CODE: JSON.stringify(code), 'import.meta.filename': '__filename' },
  });
  return outputFiles[0].text;
}

/** From a process that has done the trials, if containers can run here: what was used for that. */
function tryOut(path, { trials, uid, what }) {
  const script = fileURLToPath(new URL('trial-run.cjs', import.meta.url));
  const scratch = mkdtempSync(join(tmpdir(), 'coracle-trial-'));
  try {
    if (uid !== undefined && !give(scratch, uid)) return Buffer.from('[]');
    const report = join(scratch, 'report');
    const request = JSON.stringify({ program: path, trials: trials(scratch), uid, report, what });
    const env = { ...process.env, XDG_RUNTIME_DIR: scratch };
    const { status, stderr } = spawnSync(process.execPath, [script, request], {
      encoding: 'utf8',
      env,
      timeout: TRIAL_MS,
    });
    if (status !== 0) throw new Error(`the program could not be tried out: ${stderr}`);
    return readFileSync(report);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** Whether there is such a user: root of a container may have no ids but its own. */
function give(directory, uid) {
  try {
    chownSync(directory, uid, uid);
    return true;
  } catch {
    return false;
  }
}
