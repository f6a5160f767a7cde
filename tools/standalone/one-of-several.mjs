import { kindOfStart } from '../presets/kind-of-start.mjs';
import { minify } from '../presets/minify.mjs';
import { ALSO_READY, isBusy, ranFor } from '../presets/pack.mjs';
import { functionsOf, keepWhole, split } from '../presets/split.mjs';

/** Modules that Node has no use for. */
const OWN = 'tools/standalone/';

/**
 * The text of a program that is there once for each kind of its starts, of which it becomes one. Each is split in two functions: a
 * start makes an object of every function that is in the scope it enters, used or not, and few are in the first.
 * @param {string} bundle a flat script, with a comment before each module that names it
 * @param {{ tried: string, learned: { words: string[], ran: [number, number][] }[], callsFor: string[][] }} how another bundle of nearly
 *   the same modules, where the functions begin that its trials ran, and the words that the kinds are told by
 */
export async function oneOfSeveral(bundle, { tried, learned, callsFor }) {
  const [nameIn, nameInTried] = [namesOf(bundle), namesOf(tried)];
  const [functions, triedFunctions] = [functionsOf(bundle), functionsOf(tried)];
  const starts = [];
  for (const words of callsFor) {
    const ran = ranFor(words, { tried: learned, callsFor });
    const names = new Set(triedFunctions.filter(({ start }) => ran.has(start)).map(nameInTried));
    const busy = new Set(triedFunctions.filter(({ start }) => isBusy(ran.get(start))).map(nameInTried));
    const busyHere = functions.filter((one) => busy.has(nameIn(one))).map(({ name }) => name);
    const halves = split(bundle, (start, name) => {
      const full = nameIn({ start, name });
      return names.has(full) || full.startsWith(OWN) || ALSO_READY.includes(name);
    });
    const text = keepWhole(`(fetchRest) => {'use strict';${halves}\n}`, new Set(busyHere));
    const start = await minify(text);
    starts.push(`{ words: ${JSON.stringify(words)}, start: ${start} }`);
  }
  return `${kindOfStart}
    const { start } = kindOfStart([${starts.join(',\n')}], process.argv);
    start((rest) => rest());`;
}

/** Tells functions by their module and their name in it: in a bundle a number is added to one that others have, too. */
function namesOf(bundle) {
  const modules = [...bundle.matchAll(/^\/\/ (\S+)$/gm)];
  return ({ start, name }) => {
    const module = modules.findLast(({ index }) => index < start)?.[1] ?? '';
    return `${module} ${name.replace(/\d+$/, '')}`;
  };
}
