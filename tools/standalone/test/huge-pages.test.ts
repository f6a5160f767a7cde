import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { askForHugePages } from '../huge-pages.mjs';

const BASE = 0x20_0000n;
/** Where things stand in the file. */
const AT = { headers: 64, name: 0x200, table: 0x300 };

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'huge-pages-'));
  path = join(directory, 'program');
});

afterEach(() => rmSync(directory, { recursive: true }));

/** As much of an ELF file as is looked at: its program headers, and an entry of a table of options that points to its name. */
function executable({ value = 0n, name = 'allow_thp', pointers = 1 } = {}): Buffer {
  const file = Buffer.alloc(0x400);
  file.writeBigUInt64LE(BigInt(AT.headers), 32);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(2, 56);
  const loaded = AT.headers + 56; // the first is of another kind
  file.writeUInt32LE(1, loaded);
  file.writeBigUInt64LE(BASE, loaded + 16);
  file.writeBigUInt64LE(0x400n, loaded + 32);
  file.write(`\0${name}\0`, AT.name - 1, 'latin1');
  for (let index = 0; index < pointers; index++) {
    file.writeBigInt64LE(value, AT.table + 32 * index);
    file.writeBigUInt64LE(BASE + BigInt(AT.name), AT.table + 32 * index + 16);
  }
  return file;
}

test('the usual value of the option is changed, and nothing else', () => {
  writeFileSync(path, executable());
  expect(askForHugePages(path)).toBe(true);
  expect(readFileSync(path)).toEqual(executable({ value: 2n }));
  expect(askForHugePages(path)).toBe(false); // it has another value now
});

test.each([
  ['has no such option', executable({ name: 'allow_other' })],
  ['has set it', executable({ value: 1n })],
  ['points to its name from two places', executable({ pointers: 2 })],
  ['does not load the name', executable().fill(0, AT.headers, AT.headers + 112)],
  ['is short', Buffer.from('\x7fELF')],
])('a program that %s is left as it is', (_what, file) => {
  writeFileSync(path, file);
  expect(askForHugePages(path)).toBe(false);
  expect(readFileSync(path)).toEqual(file);
});
