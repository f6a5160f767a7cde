import { existsSync } from 'node:fs';
import { nearest, SystemError } from '@coracle/errors';
import { containerIds, idOfName, livingContainers, takenNames } from './state.ts';
import { defaultStateRoot } from './state-root.ts';

/** As many containers as a hint names. */
const SHOWN = 8;

/**
 * Which container is meant: by its id, its name, or the beginning of its id that no other has.
 * @returns its id; it may have ended
 * @throws SystemError ESRCH when there is none, with one that may have been meant; EEXIST when several begin like that
 */
export function findContainer(stateRoot: string, { word, uid }: { word: string; uid: number }): string {
  const ids = containerIds(stateRoot);
  if (ids.includes(word)) return word;
  const named = takenNames(stateRoot).includes(word) ? idOfName(stateRoot, word) : undefined;
  if (named !== undefined) return named;
  const [first, ...others] = word === '' ? [] : ids.filter((id) => id.startsWith(word));
  if (first === undefined)
    throw new SystemError({
      code: 'ESRCH',
      syscall: 'inspect',
      path: word,
      text: 'there is no such container',
      hint: hintAtOthers(stateRoot, { word, uid }),
    });
  if (others.length > 0)
    throw new SystemError({
      code: 'EEXIST',
      syscall: 'inspect',
      path: word,
      text: 'the ids of several containers begin like that',
      hint: `write more of the one that is meant: ${listed([first, ...others])}`,
    });
  return first;
}

function hintAtOthers(stateRoot: string, { word, uid }: { word: string; uid: number }): string {
  const ids = livingContainers(stateRoot);
  const names = takenNames(stateRoot).filter((name) => ids.includes(idOfName(stateRoot, name) ?? ''));
  const near = nearest(word, [...names, ...ids]);
  const own =
    near === undefined
      ? ids.length === 0
        ? 'none of your containers runs'
        : `those that run are ${listed([...names, ...ids])}`
      : `did you mean ${near}?`;
  return `${own} (${hintAtOtherUsers(word, uid)})`;
}

/** What others run cannot be looked into, but whoever asks for it is to know why it is not found. */
function hintAtOtherUsers(word: string, uid: number): string {
  if (uid === 0) return 'those of other users are seen by them alone';
  return existsSync(defaultStateRoot(0))
    ? `those of root are seen by root alone: sudo coracle inspect ${word}`
    : 'those of other users are seen by them alone';
}

function listed(words: readonly string[]): string {
  const more = words.length - SHOWN;
  return `${words.slice(0, SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
