import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Turns the bundle in a directory into the program that is shipped: a few lines that Node reads as any program, and beside them
 * what they run, first what V8 made of the bundle, then its text. Read like that it starts in a third of the time. Where another
 * V8 made it, the text is compiled as that of any other program.
 * @param {string} directory with the bundle as NAME.cjs: ASCII, behind the line that names the interpreter
 * @param {{ name: string, warmUp: readonly string[] | ((directory: string) => readonly string[]) }} command its name, and words with
 *   which it does most of what it can; those may need a directory with something in it
 */
export function pack(directory, { name: command, warmUp }) {
  const path = join(directory, `${command}.cjs`);
  const [interpreter = '', ...lines] = readFileSync(path, 'latin1').trimEnd().split('\n');
  const text = `(function (exports, require, module, __filename, __dirname) {${lines.join('\n')}\n})`;
  if (/[\x80-\xff]/.test(text)) throw new Error('the bundle is not ASCII, which is what it is read as');
  if (/\bimport\(/.test(text)) throw new Error('the bundle imports while it runs, which a script of its own cannot');
  // V8 looks at the length of the text alone, so the name says which text it is: no other's can ever be taken for it.
  const name = `${command}-${createHash('sha256').update(text).digest('hex').slice(0, 16)}.code`;
  for (const old of readdirSync(directory)) if (old.endsWith('.code')) rmSync(join(directory, old));
  const write = (compiled) => {
    writeFileSync(join(directory, name), Buffer.concat([compiled, Buffer.from(text, 'latin1')]));
    writeFileSync(path, `${interpreter}\n${program(name, compiled.length)}`); // it stays executable
  };
  write(Buffer.alloc(0));
  write(compile(path, warmUp));
}

function program(name, compiledLength) {
  return `'use strict';
const { readFileSync } = require('node:fs');
const { Script } = require('node:vm');
const code = readFileSync(\`\${__dirname}/${name}\`);
const cachedData = code.subarray(0, ${compiledLength});
const script = new Script(code.latin1Slice(${compiledLength}), { filename: \`\${__dirname}/${name}\`, cachedData });
script.runInThisContext()(exports, require, module, __filename, __dirname);
`;
}

/** From a process that has done its work once, if it may here: what was compiled for that is in it then. */
function compile(path, warmUp) {
  const script = fileURLToPath(new URL('write-code-cache.cjs', import.meta.url));
  const compiled = `${path}.compiled`;
  const scratch = mkdtempSync(join(tmpdir(), 'coracle-pack-'));
  try {
    const words = typeof warmUp === 'function' ? warmUp(scratch) : warmUp;
    const { status, stderr } = spawnSync(process.execPath, [script, path, compiled, ...words], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`no code cache could be made: ${stderr}`);
    return readFileSync(compiled);
  } finally {
    rmSync(compiled, { force: true });
    rmSync(scratch, { recursive: true, force: true });
  }
}
