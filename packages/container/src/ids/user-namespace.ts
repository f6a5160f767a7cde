import type { IdMaps, OwnIds } from '@coracle/namespaces';
import { OptionError } from '../options/option-error.ts';
import type { UserNamespaceOption } from '../options/options.ts';

/** A user namespace that a container is to have. */
export type WantedIds =
  | { mode: 'auto' }
  /** The caller's own ids, inside: as they are outside, if nothing else is said. */
  | { mode: 'keep-id'; inside: Partial<OwnIds> };

const MODES = 'there are auto (ids of its own), keep-id (you stay who you are) and host (no user namespace)';
const KEEP_ID = /^keep-id:((uid|gid)=\d{1,10}(,(?!\2)(uid|gid)=\d{1,10})?)$/;
/** 2^32-1 stands for "no id". */
const MAX_ID = 2 ** 32 - 2;

/**
 * A user namespace as `--userns` has it: `host`, `auto`, `keep-id`, `keep-id:uid=1000,gid=1000`.
 * @throws {OptionError} for anything else
 * @example
 * parseUserNamespace('keep-id:uid=33'); // { mode: 'keep-id', uid: 33 }
 */
export function parseUserNamespace(text: string): UserNamespaceOption {
  if (text === 'host' || text === 'auto' || text === 'keep-id') return text;
  const [, pairs] = KEEP_ID.exec(text) ?? [];
  if (pairs === undefined) throw refuse(`--userns ${text}: ${notAMode(text)}`, MODES);
  const ids = Object.fromEntries(pairs.split(',').map((pair) => [pair.slice(0, 3), Number(pair.slice(4))]));
  return { mode: 'keep-id', ...ids };
}

function notAMode(text: string): string {
  if (text.startsWith('keep-id:')) return 'keep-id takes uid=N and gid=N alone';
  if (text.startsWith('auto:')) return 'auto takes no options';
  if (/^(container|ns):/.test(text)) return 'the user namespace of another container cannot be had';
  return `there is no mode '${text}'`;
}

/**
 * What the option comes to for this caller.
 * @returns `undefined` for a container without a user namespace
 * @throws {OptionError} for a mode that there is not, or that this caller cannot have
 */
export function wantedIds(option: UserNamespaceOption | undefined, { uid }: OwnIds): WantedIds | undefined {
  const isRoot = uid === 0;
  if (option === undefined) return isRoot ? undefined : { mode: 'auto' };
  if (option === 'host') {
    if (isRoot) return undefined;
    throw refuse(
      'an ordinary user can have no container without a user namespace: only in one of his own may he make the other namespaces',
      'leave --userns out, or write --userns keep-id to have your own user id inside; or run as root',
    );
  }
  if (option === 'auto') return { mode: 'auto' };
  if (option === 'keep-id') return { mode: 'keep-id', inside: {} };
  if (typeof option !== 'object' || option.mode !== 'keep-id') throw refuse(`there is no mode '${option}'`, MODES);
  const inside = {
    ...(option.uid === undefined ? {} : { uid: checkedId(option.uid) }),
    ...(option.gid === undefined ? {} : { gid: checkedId(option.gid) }),
  };
  if (isRoot && Object.keys(inside).length > 0)
    throw refuse(
      'root keeps every id as it is: none of them can be another inside',
      'say with --user whom the program is to run as',
    );
  return { mode: 'keep-id', inside };
}

function checkedId(id: number): number {
  if (Number.isInteger(id) && id >= 0 && id <= MAX_ID) return id;
  throw refuse(`${id} cannot be the id of a user or group`, `an id is a number from 0 to ${MAX_ID}`);
}

/**
 * Whom the program runs as when nobody is named: with kept ids the caller, as with podman, else root.
 * @returns as `user` has it
 */
export function defaultUser(wanted: WantedIds | undefined, own: OwnIds): string {
  if (wanted?.mode !== 'keep-id') return '0';
  const { uid, gid } = { ...own, ...wanted.inside };
  return `${uid}:${gid}`;
}

/** Whose ids a container has, in the words of the isolation report. */
export function userIdsOf(wanted: WantedIds | undefined, idMaps: IdMaps | undefined): UserIds {
  if (!wanted || !idMaps) return 'host';
  if (wanted.mode === 'keep-id') return idMaps.how === 'single' ? 'keep-id-single' : 'keep-id';
  return idMaps.how === 'single' ? 'single' : 'range';
}

/**
 * Whose ids a container has: the host's; a range of its own; the caller's as those of its root and only user (`'single'`); the
 * caller's unchanged beside a range of its own (`'keep-id'`), or alone.
 */
export type UserIds = 'host' | 'range' | 'single' | 'keep-id' | 'keep-id-single';

function refuse(message: string, hint: string): OptionError {
  return new OptionError('userNamespace', message, hint);
}
