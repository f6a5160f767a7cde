import {
  dup3,
  type Flags,
  flags,
  LANDLOCK,
  LANDLOCK_ACCESS_FS,
  LANDLOCK_RULE,
  landlockPathBeneath,
  landlockRuleset,
  OPEN,
  openat2,
  RESOLVE,
  resultOf,
  type Step,
  step,
} from '@coracle/syscalls';
import { FDS } from '../plan/descriptors.ts';
import type { LandlockPlaces } from './landlock-places.ts';

/** The version of Landlock that has scopes: Linux 6.12. */
export const LANDLOCK_WITH_SCOPES = 6;

/** The first that lets files be moved from one directory to another: Linux 5.19. */
export const LANDLOCK_WITH_REFER = 2;

/** What Landlock is to keep a container's programs from. */
export interface Landlock {
  /** Abstract sockets made by others, and signals to others. */
  scoped: boolean;
  /** All files but those of the places, as far as this version of Landlock can tell rights apart. */
  files: (LandlockPlaces & { version: number }) | undefined;
}

/** The rights that a version of Landlock knows; those are refused everywhere but where a rule gives them. */
export function rightsKnownTo(version: number): number {
  if (version >= 5) return 0xffff;
  return version >= 3 ? 0x7fff : 0x3fff;
}

/**
 * Steps that write down what the programs may do; the result is `'ruleset'`, and {@link enterRuleset} makes it hold.
 *
 * Abstract sockets belong to the network namespace; with the host's own network, scopes are the only wall before the host's
 * (CVE-2020-15257). For a process that still has all of the container's rights: another user may not get to every place.
 * @see landlock(7), unix(7)
 */
export function makeRuleset({ scoped, files }: Landlock): Step[] {
  const known = files ? rightsKnownTo(files.version) : 0;
  const ruleset = landlockRuleset({
    handledFs: rightsText(known),
    scoped: scoped ? flags(LANDLOCK, 'LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET', 'LANDLOCK_SCOPE_SIGNAL') : 0,
  });
  const why = files ? 'lay down which files it may use, whatever the mounts say' : ENTER;
  return [
    step('landlock_create_ruleset', [ruleset, ruleset.bytes.length, 0], { why, result: 'ruleset' }),
    ...(files
      ? [
          ...giveStdio(known),
          ...files.places.flatMap((place, index) => givePlace(place, { known, fd: FDS.firstPlace + index })),
        ]
      : []),
  ];
}

const ENTER = "keep it from the host's abstract sockets";

/** Needs no_new_privs, or CAP_SYS_ADMIN in the user namespace of the process. */
export function enterRuleset({ files }: Landlock): Step {
  const why = files ? 'give it no right on other files' : ENTER;
  return step('landlock_restrict_self', [resultOf('ruleset'), 0], why);
}

/**
 * What was open before is not judged, but opening it again is, as `> /dev/stderr` does: when that is a file of the caller, no
 * path of the container leads to it. Pipes and sockets need no rule and can have none (EBADFD).
 */
function giveStdio(known: number): Step[] {
  const { LANDLOCK_ACCESS_FS_READ_FILE, LANDLOCK_ACCESS_FS_WRITE_FILE, LANDLOCK_ACCESS_FS_TRUNCATE } =
    LANDLOCK_ACCESS_FS;
  const output = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE;
  return [LANDLOCK_ACCESS_FS_READ_FILE, output, output].map((rights, fd) => {
    const why = 'let it open its input and output again';
    return addRule({ rights: rights & known, fd, known }, { why, tolerate: ['EBADFD'] });
  });
}

/**
 * What a program inside has meanwhile removed, or replaced by a link or a file, gets no right when a further program enters.
 * So each place has a number of its own: one that was not opened leaves it closed, and its rule goes for nothing else.
 */
function givePlace(
  { path, rights }: LandlockPlaces['places'][number],
  { known, fd }: { known: number; fd: number },
): Step[] {
  const { LANDLOCK_ACCESS_FS_READ_DIR, LANDLOCK_ACCESS_FS_READ_FILE, LANDLOCK_ACCESS_FS_WRITE_FILE } =
    LANDLOCK_ACCESS_FS;
  const isDirectory = (rights & LANDLOCK_ACCESS_FS_READ_DIR) !== 0;
  const verb =
    rights & LANDLOCK_ACCESS_FS_WRITE_FILE ? 'change' : rights & LANDLOCK_ACCESS_FS_READ_FILE ? 'read' : 'list';
  const why = `let it ${verb} ${path}${isDirectory ? ' and what is below' : ''}`;
  const open = flags(OPEN, 'O_PATH', 'O_CLOEXEC', ...(isDirectory ? (['O_DIRECTORY'] as const) : []));
  const place = { path, flags: open, resolve: flags(RESOLVE, 'RESOLVE_NO_SYMLINKS') };
  return [
    openat2(place, { why, result: 'place', tolerate: ['ENOENT', 'ENOTDIR', 'ELOOP'] }),
    dup3({ from: resultOf('place'), to: fd, flags: flags(OPEN, 'O_CLOEXEC') }, why),
    addRule({ rights: rights & known, fd, known }, { why, tolerate: ['EBADF'] }),
  ];
}

function addRule(
  { rights, fd, known }: { rights: number; fd: number; known: number },
  purpose: { why: string; tolerate: NonNullable<Step['tolerate']> },
): Step {
  const rule = landlockPathBeneath({ allowed: rights === known ? allOf(known) : rightsText(rights), parentFd: fd });
  const kind = flags(LANDLOCK_RULE, 'LANDLOCK_RULE_PATH_BENEATH');
  return step('landlock_add_rule', [resultOf('ruleset'), kind, rule, 0], purpose);
}

/** The ruleset itself lists them. */
function allOf(known: number): Flags {
  return { kind: 'flags', value: known, text: `${PREFIX}*` };
}

const PREFIX = 'LANDLOCK_ACCESS_FS_';

/** Sixteen names of thirty letters each are not read by anybody; without what they have in common they are. */
function rightsText(rights: number): Flags {
  const names = Object.entries(LANDLOCK_ACCESS_FS).flatMap(([name, bit]) =>
    rights & bit ? [name.slice(PREFIX.length)] : [],
  );
  return { kind: 'flags', value: rights, text: names.length === 0 ? '0' : `${PREFIX}{${names.join(',')}}` };
}
