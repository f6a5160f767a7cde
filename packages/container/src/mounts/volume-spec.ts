import { nearest } from '@coracle/errors';
import { OptionError } from '../options/option-error.ts';
import type { Volume } from '../options/options.ts';
import { PROPAGATIONS } from './propagation.ts';

type Attributes = Omit<Volume, 'source' | 'target'>;

/** The words behind the second colon, and what each says of the volume. */
const WORDS: ReadonlyMap<string, Attributes> = new Map<string, Attributes>([
  ['ro', { readOnly: true }],
  ['rw', { readOnly: false }],
  ['rbind', { recursive: 'enabled' }],
  ['bind', { recursive: 'disabled' }],
  ['dev', { dev: true }],
  ['nodev', { dev: false }],
  ['exec', { exec: true }],
  ['noexec', { exec: false }],
  ['suid', { suid: true }],
  ['nosuid', { suid: false }],
  ['idmap', { idmap: true }],
  ['U', { chown: true }],
  ['z', { relabel: 'shared' }],
  ['Z', { relabel: 'private' }],
  ...PROPAGATIONS.map((propagation): [string, Attributes] => [propagation, { propagation }]),
]);

/** Words that ask for what is so anyway: that nothing is copied into a new volume; how a cache of another system than Linux behaves. */
const WITHOUT_EFFECT = new Set(['nocopy', 'cached', 'consistent', 'delegated']);

/** Words that other programs know and that ask for what does not exist here. */
const NOT_DONE: ReadonlyMap<string, string> = new Map([
  ['O', 'a volume whose changes are thrown away does not exist yet: use :ro, or a copy'],
]);

/**
 * A volume as `-v` has it: `SRC:DST`, `SRC:DST:ro`, `SRC:DST:ro,rslave`. The source is a path; named volumes do not exist
 * yet. A path with a colon in it is for {@link parseMount}.
 * @throws {OptionError} for anything else
 * @example
 * parseVolume('./data:/data:ro'); // { source: './data', target: '/data', readOnly: true }
 */
export function parseVolume(text: string): Volume {
  const refuse = (
    reason: string,
    hint = 'write --volume /on/the/host:/in/the/container, with :ro to forbid changes',
  ): OptionError => new OptionError('volumes', `--volume ${text}: ${reason}`, hint);
  const [source, target, words, ...rest] = text.split(':');
  if (rest.length > 0)
    throw refuse(
      'not SRC:DST or SRC:DST:OPTIONS, there are too many colons',
      'for a path with a colon write --mount type=bind,source=PATH,target=PATH',
    );
  if (!source || !target) throw refuse('not SRC:DST or SRC:DST:OPTIONS');
  if (!/^[./~]/.test(source))
    throw refuse(`'${source}' is no path: named volumes do not exist yet`, `for a directory here write ./${source}`);
  return { source, target, ...(words === undefined ? {} : attributes(words.split(','), refuse)) };
}

function attributes(words: readonly string[], refuse: (reason: string, hint?: string) => OptionError): Attributes {
  const said = new Map<keyof Attributes, string>();
  const all: Attributes = {};
  for (const word of words) {
    const notDone = NOT_DONE.get(word);
    if (notDone !== undefined) throw refuse(`'${word}' cannot be had`, notDone);
    if (WITHOUT_EFFECT.has(word)) continue;
    const one = WORDS.get(word);
    if (!one) throw refuse(`there is no option '${word}'`, didYouMean(word, [...WORDS.keys()]));
    for (const key of Object.keys(one) as (keyof Attributes)[]) {
      const before = said.get(key);
      if (before !== undefined) throw refuse(`'${before}' and '${word}' are about the same`, 'write one of them');
      said.set(key, word);
    }
    Object.assign(all, one);
  }
  return all;
}

/** What may be written in place of a word that means nothing, the likeliest first. */
export function didYouMean(word: string, words: readonly string[]): string {
  const near = nearest(word, words);
  return `${near === undefined ? '' : `did you mean ${near}? `}there are ${words.join(', ')}`;
}
