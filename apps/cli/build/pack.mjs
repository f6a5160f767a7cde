import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Turns the bundle in a directory into the program that is shipped: one file, with the bundle as a comment in it, which is read
 * past sooner than code, and beside it what V8 makes of the bundle, which takes a third of the time to read. Where that is
 * missing, or was made by another V8, the bundle is compiled as any other program.
 * @param {string} directory with the bundle as coracle.cjs: one line of ASCII behind the one that names the interpreter
 */
export function pack(directory) {
  const path = join(directory, 'coracle.cjs');
  const [interpreter = '', ...lines] = readFileSync(path, 'latin1').trimEnd().split('\n');
  const bundle = lines.join('\n');
  if (/[\n\x80-\xff]/.test(bundle))
    throw new Error('the bundle is not one line of ASCII, which is all a comment can hold');
  if (/\bimport\(/.test(bundle)) throw new Error('the bundle imports while it runs, which a script of its own cannot');
  // V8 looks at the length of the text alone, so the name says which text it is: no other's can ever be taken for it.
  const cache = `coracle-${createHash('sha256').update(bundle).digest('hex').slice(0, 16)}.cache`;
  for (const name of readdirSync(directory)) if (name.endsWith('.cache')) rmSync(join(directory, name));
  writeFileSync(path, `${interpreter}\n${program(bundle, cache)}`); // it stays executable
  makeCache(path, join(directory, cache));
}

function program(bundle, cache) {
  return `'use strict';
const { readFileSync } = require('node:fs');
const { Script } = require('node:vm');
let cachedData;
try {
  cachedData = readFileSync(\`\${__dirname}/${cache}\`);
} catch {
  // Copied alone: V8 compiles what it needs.
}
const file = readFileSync(__filename, 'latin1');
const script = new Script(file.slice(file.indexOf('\\n//(') + 3), { filename: __filename, cachedData });
script.runInThisContext()(exports, require, module, __filename, __dirname);
//(function (exports, require, module, __filename, __dirname) {${bundle}})
`;
}

/** From a process that has run a container, if it may here: what was compiled for that is in the cache then. */
function makeCache(path, cache) {
  const script = fileURLToPath(new URL('write-code-cache.cjs', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [script, path, cache], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`no code cache could be made: ${stderr}`);
}
