import { createHash, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { kindOfStart } from './kind-of-start.mjs';
import { minify } from './minify.mjs';
import { cut, functionsOf, keepWhole, split } from './split.mjs';
import { whatRan, whatWasCompiled } from './try-out.mjs';

/**
 * Turns the bundle in a directory into the program that is shipped: a few lines that Node reads as any program, and beside them
 * a file with what they run: what V8 made of the part of the bundle that a start needs, its text, and the text of the rest,
 * which is read when it is called for. Each byte less of the first two is time: they are copied, and their pages are new to the
 * kernel. Where another V8 made it, the text is compiled as that of any other program.
 *
 * A program that does one of several things may have a file for each: all of them have all of the bundle, and differ in what is
 * ready at once.
 * @param {string} directory with the bundle as NAME.cjs: ASCII, not minified, behind the line that names the interpreter
 * @param {{ name: string, preface?: import('./commands.mjs').Preface, trials: (directory: string) => string[][], callsFor?: string[][] }} how its name; the words it is run
 *   with, one after the other, to learn what a start needs, which may use a directory; for each file the words of which one makes
 *   it the one to be read, where none does it is the first, and one for all if absent
 */
export async function pack(directory, { name, trials, preface, callsFor = [[]] }) {
  const { path, interpreter, bundle } = readBundle(directory, name);
  const tried = learn(directory, { name, trials });
  const editions = [];
  for (const words of callsFor) {
    const ran = ranFor(words, { tried, callsFor });
    const halves = split(bundle, (start, called) => ran.has(start) || ALSO_READY.includes(called));
    const busy = functionsOf(bundle).filter(({ start }) => isBusy(ran.get(start)));
    const text = keepWhole(`${FUNCTION}${halves}\n}`, new Set(busy.map(({ name }) => name)));
    const { start, rest } = cut(`((fetchRest) => ${await minify(text)})`);
    requireAscii(start + rest);
    editions.push({ words, start, rest });
  }
  const first = preface && {
    ...preface,
    start: `((fetchRest) => ${await minify(`${FUNCTION}${bundleOf(preface.module)}\n}`)})`,
    rest: '',
  };
  const build = randomUUID();
  const write = (compiled) =>
    writeProgram({ directory, name, path, interpreter, build }, { preface: first, editions, compiled });
  write({});
  write(whatWasCompiled(path, preface ? andTheFirstAgain(trials) : trials));
}

/** What a preface does is what the program remembers of the time before. */
function andTheFirstAgain(trials) {
  return (directory) => {
    const all = trials(directory);
    return [...all, ...all.slice(0, 1)];
  };
}

/** Whether a function that ran so often at a start is to be made once, and not at each call in its caller. */
export function isBusy(times = 0) {
  return times >= 8;
}

/**
 * Functions that run when that can no longer be looked at, or only now and then: a group may be busy for a moment at its end, a
 * container is looked at when there is another, and a step is refused where something is not there.
 */
export const ALSO_READY = ['endAtOnce', 'isLoaded', 'childGroups', 'withLock', 'tryLock', 'isTolerated', 'errnoNumber'];

/**
 * Tries the bundle in a directory out; what is left there is the program, not split.
 * @returns {{ words: string[], ran: [start: number, times: number][] }[]} for each trial where the functions begin in the bundle
 *   that it ran, and how often it did
 */
export function learn(directory, { name, trials }) {
  const { path, interpreter, bundle } = readBundle(directory, name);
  const whole = { words: [], start: `${HEAD}${bundle}\n})`, rest: '' };
  writeProgram({ directory, name, path, interpreter, build: randomUUID() }, { editions: [whole], compiled: {} });
  return whatRan(path, trials).map(({ words, ran }) => ({
    words,
    ran: ran.map(([start, times]) => [start - HEAD.length, times]),
  }));
}

/**
 * Where the functions begin that the starts for some words ran, and how often one of them did at most.
 * @returns {Map<number, number>}
 */
export function ranFor(words, { tried, callsFor }) {
  const kinds = callsFor.map((words) => ({ words }));
  const own = tried.filter((trial) => kindOfStart(kinds, trial.words).words === words);
  return new Map(own.flatMap(({ ran }) => ran).sort(([, one], [, other]) => one - other)); // the last of a key is kept
}

/** The bundle without the line that names the interpreter. */
function readBundle(directory, name) {
  const path = resolve(directory, `${name}.cjs`);
  const [interpreter = '', ...lines] = readFileSync(path, 'latin1').trimEnd().split('\n');
  const bundle = lines.join('\n');
  requireAscii(bundle);
  if (/\bimport\(/.test(bundle)) throw new Error('the bundle imports while it runs, which a script of its own cannot');
  return { path, interpreter, bundle };
}

/**
 * Writes the files of a program, and says in the first what it has to know of the others.
 * @param compiled what V8 made of them, by their names, if that is known
 */
function writeProgram({ directory, name, path, interpreter, build }, { preface, editions, compiled }) {
  for (const old of readdirSync(directory)) if (old.endsWith('.code')) rmSync(join(directory, old));
  const write = (text) => writeCode(directory, name, { ...text, compiled });
  const codes = editions.map(({ words, ...text }) => ({ words, ...write(text) }));
  const packed = { build, arch: process.arch, preface: preface && { word: preface.word, ...write(preface) }, codes };
  writeFileSync(path, `${interpreter}\n${program(packed)}`); // it stays executable
}

function writeCode(directory, name, { start, rest, compiled }) {
  // V8 looks at the length of the text alone, so the name says which text it is: no other's can ever be taken for it.
  const hash = createHash('sha256').update(start).update(rest).digest('hex').slice(0, 16);
  const file = `${name}-${hash}.code`;
  const machine = Buffer.from(compiled[file] ?? '', 'base64');
  writeFileSync(join(directory, file), Buffer.concat([machine, Buffer.from(`${start}${rest}`, 'latin1')]));
  return { file, compiled: machine.length, start: start.length, rest: rest.length };
}

function requireAscii(text) {
  if (/[^\0-\x7f]/.test(text)) throw new Error('the bundle is not ASCII, which is what it is read as');
}

const FUNCTION = "function (exports, require, module, __filename, __dirname) {'use strict';";
const HEAD = `((fetchRest) => ${FUNCTION}`;

/** What Node reads: packed.ts, told where the code is. */
function program(packed) {
  return bundleOf('tools/presets/packed.ts', { PACKED: JSON.stringify(packed) });
}

/** A module of the repository, by its path from the top, and all that it needs. */
function bundleOf(path, define = {}) {
  const { outputFiles } = buildSync({
    entryPoints: [fileURLToPath(new URL(`../../${path}`, import.meta.url))],
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    charset: 'ascii',
    minifySyntax: true,
    conditions: ['@coracle/source'],
    define: { 'import.meta.filename': '__filename', ...define },
  });
  return outputFiles[0].text;
}
