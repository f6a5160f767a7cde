import { existsSync, writeFileSync } from 'node:fs';
import { type ErrnoName, isErrno, SystemError } from '@coracle/errors';
import { type ProgramEnd, runProgram } from '@coracle/syscalls';
import { formatIdMap, type IdMapping } from './id-map.ts';
import type { IdMaps } from './plan-id-maps.ts';

/** Where {@link writeIdMaps} finds what it needs; for a machine where things lie elsewhere. */
export interface WriteIdMapsOptions {
  /** The mount of proc; `/proc` if absent. */
  proc?: string;
  /** Path or name of the helpers; those of the maps if absent, else looked for in PATH. */
  newuidmap?: string;
  newgidmap?: string;
  /** How long a helper may take, in milliseconds; 20 seconds if absent. */
  helperTimeoutMs?: number;
}

/** A helper asks the machine's name services who its caller is, and these may wait for a server that is not there. */
const HELPER_TIMEOUT_MS = 20_000;

/** What belongs to user ids, and what to group ids. */
const KINDS = {
  uid: { file: 'uid_map', helper: 'newuidmap', ranges: '/etc/subuid', capability: 'CAP_SETUID' },
  gid: { file: 'gid_map', helper: 'newgidmap', ranges: '/etc/subgid', capability: 'CAP_SETGID' },
} as const;

type Kind = (typeof KINDS)[keyof typeof KINDS];

/**
 * Writes the id maps of the user namespace a process was born into. That can be done once for each namespace.
 *
 * @param pid the process, as the caller's pid namespace numbers it
 * @throws SystemError EPERM when the kernel or a helper refuses, EINVAL for maps that cannot be, ENOENT when a helper is
 *   not installed, ETIMEDOUT when it does not end, ESRCH when there is no such process; `hint` says what to do
 * @see user_namespaces(7), newuidmap(1), newgidmap(1)
 * @example
 * await writeIdMaps(pid, planIdMaps({ uid: 1000, gid: 1000, subuids: [], subgids: [], hasNewidmap: false }));
 */
export async function writeIdMaps(pid: number, maps: IdMaps, options: WriteIdMapsOptions = {}): Promise<void> {
  const { newuidmap = KINDS.uid.helper, newgidmap = KINDS.gid.helper } = maps.helpers ?? {};
  const { proc = '/proc', helperTimeoutMs: timeoutMs = HELPER_TIMEOUT_MS } = options;
  const directory = `${proc}/${pid}`;
  const uids = formatIdMap(maps.uids);
  const gids = formatIdMap(maps.gids);
  if (maps.how === 'helper') {
    const ends = await Promise.allSettled([
      runHelper({ kind: KINDS.uid, command: options.newuidmap ?? newuidmap, pid, mappings: maps.uids, timeoutMs }),
      runHelper({ kind: KINDS.gid, command: options.newgidmap ?? newgidmap, pid, mappings: maps.gids, timeoutMs }),
    ]);
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
    return;
  }
  if (maps.how === 'single') denySetgroups(directory);
  writeMap(`${directory}/${KINDS.uid.file}`, uids, KINDS.uid);
  writeMap(`${directory}/${KINDS.gid.file}`, gids, KINDS.gid);
}

/** Without this the kernel lets nobody unprivileged write a gid_map: leaving a group could open files closed to it. */
function denySetgroups(directory: string): void {
  const path = `${directory}/setgroups`;
  try {
    writeFileSync(path, 'deny', { flag: 'r+' });
  } catch (cause) {
    throw new SystemError({
      code: codeOf(cause),
      syscall: 'write',
      path,
      detail: 'deny',
      step: 'turn setgroups off in the user namespace',
      hint: hintForMissingProcess(cause) ?? 'can this user write to the files of the process in /proc?',
      cause,
    });
  }
}

function writeMap(path: string, text: string, kind: Kind): void {
  try {
    writeFileSync(path, text, { flag: 'r+' });
  } catch (cause) {
    throw new SystemError({
      code: codeOf(cause),
      syscall: 'write',
      path,
      detail: summary(text),
      step: "map the container's users to users of the host",
      hint: hintForMissingProcess(cause) ?? hintForRefusedMap(cause, kind),
      cause,
    });
  }
}

/** The first lines; there may be hundreds. */
function summary(text: string): string {
  const lines = text.trim().split('\n');
  const more = lines.length - 3;
  return lines.slice(0, 3).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function codeOf(error: unknown): ErrnoName {
  for (const code of ['EPERM', 'EACCES', 'EINVAL'] as const) if (isErrno(error, code)) return code;
  return isErrno(error, 'ENOENT', 'ESRCH') ? 'ESRCH' : 'EIO';
}

function hintForMissingProcess(error: unknown): string | undefined {
  return isErrno(error, 'ENOENT', 'ESRCH')
    ? 'the process has ended, or /proc is not that of its pid namespace'
    : undefined;
}

function hintForRefusedMap(error: unknown, { file, capability }: Kind): string | undefined {
  if (isErrno(error, 'EACCES')) return 'the process belongs to another user, or has made itself undumpable (prctl(2))';
  if (isErrno(error, 'EINVAL'))
    return 'the caller is itself in a user namespace in which some of these ids do not exist';
  if (!isErrno(error, 'EPERM')) return undefined;
  return (
    `without ${capability} only the caller's own id can be mapped; mapping the host's root needs CAP_SETFCAP too (Linux 5.12). ` +
    `A ${file} can be written once only. If AppArmor restricts user namespaces: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0`
  );
}

interface HelperCall {
  kind: Kind;
  command: string;
  pid: number;
  mappings: readonly IdMapping[];
  timeoutMs: number;
}

async function runHelper(call: HelperCall): Promise<void> {
  const { kind, mappings, timeoutMs } = call;
  const uid = process.getuid?.() ?? 0;
  const args = [call.pid, ...mappings.flatMap(({ containerId, hostId, size }) => [containerId, hostId, size])];
  let ended: ProgramEnd;
  try {
    ended = await runProgram(pathOf(call.command), args.map(String), { timeoutMs });
  } catch (cause) {
    throw unableToRun(kind, cause);
  }
  const { end, output } = ended;
  if (!end)
    throw helperError(kind, {
      code: 'ETIMEDOUT',
      text: `${kind.helper} did not end in ${timeoutMs / 1000} seconds`,
      hint: `it asks who user ${uid} is: does \`getent passwd ${uid}\` answer? If not, see /etc/nsswitch.conf`,
    });
  const isDone = 'exitCode' in end && end.exitCode === 0;
  if (!isDone) throw refusedBy(call, { said: output.trim().replace(`${kind.helper}: `, ''), uid });
}

/** As execvp(3) finds it. */
function pathOf(command: string): string {
  if (command.includes('/')) return command;
  const directories = (process.env['PATH'] ?? '/usr/bin:/bin').split(':');
  return directories.map((directory) => `${directory}/${command}`).find((path) => existsSync(path)) ?? command;
}

function helperError({ helper }: Kind, about: { code: ErrnoName; text: string; hint: string; cause?: unknown }): Error {
  return new SystemError({ ...about, syscall: helper, step: "map the container's users to users of the host" });
}

function unableToRun(kind: Kind, cause: unknown): Error {
  if (isErrno(cause, 'ENOENT'))
    return helperError(kind, {
      cause,
      code: 'ENOENT',
      text: `${kind.helper} is not installed`,
      hint: 'Debian, Ubuntu: sudo apt install uidmap; Fedora: sudo dnf install shadow-utils',
    });
  return helperError(kind, {
    cause,
    code: isErrno(cause, 'EACCES') ? 'EACCES' : 'EPERM',
    text: `${kind.helper} cannot be run`,
    hint: hintForRights(kind),
  });
}

/** Turns what a helper said into an error with the remedy. */
function refusedBy({ kind, mappings }: HelperCall, { said, uid }: { said: string; uid: number }): Error {
  if (/not allowed/.test(said))
    return helperError(kind, { code: 'EPERM', text: said, hint: hintForRanges(kind, { mappings, uid }) });
  if (/determine your user name/.test(said))
    return helperError(kind, {
      code: 'EPERM',
      text: `${kind.helper} maps ids for users with a name only`,
      hint: `user ${uid} has no line in /etc/passwd: add one, or take the user's lines out of /etc/subuid and /etc/subgid to have his own id alone`,
    });
  return helperError(kind, { code: 'EPERM', text: said || `${kind.helper} failed`, hint: hintForRights(kind) });
}

function hintForRights({ helper, capability }: Kind): string {
  return `${helper} must be set-user-id root or have ${capability}, and no_new_privs must be off: sudo chmod u+s "$(command -v ${helper})"`;
}

/** A single id is the caller's own, which needs no line. */
function hintForRanges({ ranges }: Kind, { mappings, uid }: { mappings: readonly IdMapping[]; uid: number }): string {
  const lines = mappings.filter(({ size }) => size > 1).map(({ hostId, size }) => `${uid}:${hostId}:${size}`);
  return `${ranges} does not give this user the range: add the line ${lines.join(' and the line ')}`;
}
