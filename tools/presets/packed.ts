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
  file: string;
  compiled: number;
  start: number;
  rest: number;
}

/** Put in when it is packed. */
declare const PACKED: {
  /** No other build has this name. */
  build: string;
  /** The processor that it was compiled for: V8 takes what belongs to another for its own, and crashes. */
  arch: string;
  /** What may do without the rest what is asked: see {@link Preface}. */
  preface?: Code & ByWord;
  /** Each has all of the program, and is for a start with one of the words. */
  codes: readonly [Code & Kind, ...(Code & Kind)[]];
};

interface Kind {
  words: readonly string[];
}

/** Known by the first word of a call. */
interface ByWord {
  word: string;
}

/** Does what is asked, if it can: says whether it was done, or returns nothing where it does not begin. */
type Preface = (build: string) => Promise<boolean> | undefined;

/** Where the program finds which build it is. */
const BUILD = Symbol.for('coracle.build');

const PROT_READ = 1;
const MAP_PRIVATE_POPULATE = 0x2 | 0x8000;

Reflect.set(globalThis, BUILD, PACKED.build);
const done = PACKED.preface && process.argv[2] === PACKED.preface.word ? runPreface(PACKED.preface) : undefined;
if (done) done.then((isDone) => isDone || runProgram());
else runProgram();

function runPreface(code: Code): Promise<boolean> | undefined {
  const own: { exports: { preface?: Preface } } = { exports: {} };
  load(code)(own.exports, require, own, __filename, __dirname);
  return own.exports.preface?.(PACKED.build);
}

function runProgram(): void {
  load(kindOfStart(PACKED.codes, process.argv))(exports, require, module, __filename, __dirname);
}

/** The function that CommonJS makes of a module. */
function load({ file, compiled, start, rest }: Code): (...given: unknown[]) => void {
  const filename = `${__dirname}/${file}`;
  // It stays open for the rest: by the time that is called for, another version may be in its place.
  const fd = open(filename);
  const length = compiled + start;
  const code = map(fd, length) ?? read(fd, { length, position: 0 });
  const cache = PACKED.arch === process.arch ? { cachedData: code.subarray(0, compiled) } : {};
  const script = new Script(code.latin1Slice(compiled), { filename, ...cache });
  return script.runInThisContext()(() => read(fd, { length: rest, position: length }).latin1Slice());
}

function open(filename: string): number {
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

function read(fd: number, { length, position }: { length: number; position: number }): Buffer {
  const buffer = Buffer.allocUnsafeSlow(length);
  readSync(fd, buffer, 0, length, position);
  return buffer;
}

/**
 * The file as memory, all its pages at once. What is read is copied to pages that are new to the process, and in a virtual
 * machine each of those may cost as much as twenty system calls.
 */
function map(fd: number, length: number): Buffer | undefined {
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
