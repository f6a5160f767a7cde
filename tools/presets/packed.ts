/**
 * What Node reads of a packed program: it fetches the code that lies beside it, and runs it. See pack.mjs.
 * @module
 */
import { openSync, readSync } from 'node:fs';
import { Script } from 'node:vm';
import { type Koffi, loadKoffi } from '@coracle/syscalls';
import { kindOfStart } from './kind-of-start.mjs';

/** A file, and the lengths of its parts. */
interface Code {
  /** It is for a start with one of them. */
  words: readonly string[];
  file: string;
  compiled: number;
  start: number;
  rest: number;
}

/** Each has all of the program; put in when it is packed. */
declare const CODES: readonly [Code, ...Code[]];

const CODE = kindOfStart(CODES, process.argv);

const PROT_READ = 1;
const MAP_PRIVATE_POPULATE = 0x2 | 0x8000;

const filename = `${__dirname}/${CODE.file}`;
// It stays open for the rest: by the time that is called for, another version may be in its place.
const fd = open();
const length = CODE.compiled + CODE.start;

function open(): number {
  try {
    return openSync(filename);
  } catch (error) {
    const reason = error instanceof Error ? error.message : error;
    process.stderr.write(
      `cannot read what ${__filename} runs: ${reason}: both files belong together, install them again\n`,
    );
    process.exit(125);
  }
}

function read(bytes: number, position: number): Buffer {
  const buffer = Buffer.allocUnsafeSlow(bytes);
  readSync(fd, buffer, 0, bytes, position);
  return buffer;
}

/**
 * The file as memory, all its pages at once. What is read is copied to pages that are new to the process, and in a virtual
 * machine each of those may cost as much as twenty system calls.
 */
function map(): Buffer | undefined {
  let koffi: Koffi;
  try {
    koffi = loadKoffi(process.arch);
  } catch {
    return undefined; // whoever needs it will say what is wrong
  }
  const mmap = koffi.load(null).func('intptr_t mmap(void *, size_t, int, int, int, int64_t)');
  const address = mmap(null, length, PROT_READ, MAP_PRIVATE_POPULATE, fd, 0);
  return address === -1 ? undefined : Buffer.from(koffi.view(address, length));
}

const code = map() ?? read(length, 0);
const cachedData = code.subarray(0, CODE.compiled);
const script = new Script(code.latin1Slice(CODE.compiled), { filename, cachedData });
const fetchRest = (): string => read(CODE.rest, length).latin1Slice();
script.runInThisContext()(fetchRest)(exports, require, module, __filename, __dirname);
