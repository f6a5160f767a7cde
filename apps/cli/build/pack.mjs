import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Turns the bundle in a directory into the program that is shipped: one file, with the bundle as a text in it, and beside it
 * what V8 makes of that text, which takes a third of the time to read. Where that is missing, or was made by another V8, the
 * program is compiled as any other.
 * @param {string} directory with the bundle as coracle.cjs
 */
export function pack(directory) {
  const path = join(directory, 'coracle.cjs');
  const [, firstLine, bundle] = /^(#!.*\n)(.*)$/s.exec(readFileSync(path, 'utf8'));
  if (/\bimport\(/.test(bundle)) throw new Error('the bundle imports while it runs, which a script of its own cannot');
  // V8 looks at the length of the text alone, so the name says which text it is: no other's can ever be taken for it.
  const cache = `coracle-${createHash('sha256').update(bundle).digest('hex').slice(0, 16)}.cache`;
  for (const name of readdirSync(directory)) if (name.endsWith('.cache')) rmSync(join(directory, name));
  writeFileSync(path, firstLine + program(bundle, cache)); // it stays executable
  makeCache(path, join(directory, cache));
}

function program(bundle, cache) {
  const text = bundle.replace(/[\\`$]/g, '\\$&');
  return `'use strict';
const { readFileSync } = require('node:fs');
const { Script } = require('node:vm');
let cachedData;
try {
  cachedData = readFileSync(\`\${__dirname}/${cache}\`);
} catch {
  // Copied alone: V8 compiles what it needs.
}
const wrapped = \`(function (exports, require, module, __filename, __dirname) {${text}
})\`;
const script = new Script(wrapped, { filename: __filename, cachedData });
script.runInThisContext()(exports, require, module, __filename, __dirname);
`;
}

/** From a process that has run a container, if it may here: what was compiled for that is in the cache then. */
function makeCache(path, cache) {
  const script = fileURLToPath(new URL('write-code-cache.cjs', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [script, path, cache], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`no code cache could be made: ${stderr}`);
}
