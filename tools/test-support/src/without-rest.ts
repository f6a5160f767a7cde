import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** How a packed program names its files, and where what it calls for begins in them. */
const FILES = /file: "([^"]+)", compiled: (\d+), start: (\d+)/g;
const REST = '(() => { throw new Error("this is read when it is called for, and nothing was to call for it"); })()';

/**
 * Takes from a copy of a packed program what it reads only when it is called for: a start that calls for it fails then. Such a start
 * takes longer than one that has all it needs at hand.
 * @param path of the program, as `copyApp` gives it
 */
export function withoutRest(path: string): void {
  const files = [...readFileSync(path, 'latin1').matchAll(FILES)];
  if (files.length === 0) throw new Error(`${path} is no packed program`);
  for (const [, name = '', compiled, start] of files) {
    const file = join(dirname(path), name);
    const code = readFileSync(file);
    code.fill(' ', Number(compiled) + Number(start));
    code.write(`${REST}\n`, Number(compiled) + Number(start), 'latin1');
    writeFileSync(file, code);
  }
}
