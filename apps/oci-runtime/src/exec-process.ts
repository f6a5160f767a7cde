import { parseAsGoReads } from '@coracle/container/detached';
import type { Config, Process, User } from '@coracle/oci-spec';
import { parseProcess } from '@coracle/oci-spec/validate';
import { type Options, UsageError } from './command-line.ts';
import { readText } from './read-config.ts';

/** What a further program is to be, and in which container. */
export interface Wanted {
  id: string;
  process: Process;
}

/**
 * The process that a command line of `exec` asks for: as a file has it, or as the container's own is, with what the options change.
 * @param configOf finds the configuration of a container
 * @param onWarning called for each field of a file that is spelt otherwise than the specification has it
 * @throws {UsageError} for words and values that cannot be meant
 */
export function execProcess(
  { options, words }: { options: Options; words: readonly string[] },
  configOf: (id: string) => Config,
  onWarning?: Parameters<typeof parseAsGoReads>[2],
): Wanted {
  const [id, ...args] = words;
  if (id === undefined) throw new UsageError('exec needs the id of a container', 'write exec ID COMMAND [ARG...]');
  const file = options.text('process');
  if (file !== undefined) return { id, process: parseAsGoReads(readText(file), parseProcess, onWarning) };
  if (args.length === 0) throw new UsageError('no program to run', `write exec ${id} COMMAND [ARG...]`);
  const { process: own } = configOf(id);
  if (!own) throw new UsageError(`container ${id} has no process to take after`, 'describe one with --process');
  return { id, process: { ...changed(own, options), args } };
}

function changed(own: Process, options: Options): Process {
  const { terminal: _, consoleSize: __, ...base } = own;
  const apparmorProfile = options.text('apparmor');
  const selinuxLabel = options.text('process-label');
  const caps = options.list('cap');
  return {
    ...base,
    ...(options.has('tty') ? { terminal: true } : {}),
    cwd: options.text('cwd') ?? own.cwd,
    env: [...(own.env ?? []), ...options.list('env')],
    user: userOf(own.user ?? { uid: 0, gid: 0 }, options),
    ...(options.has('no-new-privs') ? { noNewPrivileges: true } : {}),
    ...(apparmorProfile === undefined ? {} : { apparmorProfile }),
    ...(selinuxLabel === undefined ? {} : { selinuxLabel }),
    ...(caps.length === 0 ? {} : { capabilities: withCapabilities(own.capabilities, caps) }),
  };
}

function userOf(own: User, options: Options): User {
  const gids = options
    .list('additional-gids')
    .flatMap((text) => text.split(','))
    .map((text) => idOf(text, 'additional-gids'));
  const additionalGids = [...(own.additionalGids ?? []), ...gids];
  const groups = additionalGids.length === 0 ? {} : { additionalGids };
  const text = options.text('user');
  if (text === undefined) return { ...own, ...groups };
  const [uid = '', gid] = text.split(':');
  return { ...own, uid: idOf(uid, 'user'), ...(gid === undefined ? {} : { gid: idOf(gid, 'user') }), ...groups };
}

function idOf(text: string, option: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new UsageError(
    `--${option} takes numbers, and not ${JSON.stringify(text)}`,
    'look names up in /etc/passwd of the root',
  );
}

/** As runc: a capability that is added is in every set, but inheritable and ambient only where these have some already. */
function withCapabilities(own: Process['capabilities'], caps: readonly string[]): NonNullable<Process['capabilities']> {
  const names = caps.map((name) => (name.startsWith('CAP_') ? name : `CAP_${name}`));
  const add = (set: readonly string[] | undefined): string[] => [...new Set([...(set ?? []), ...names])];
  return {
    ...own,
    bounding: add(own?.bounding),
    effective: add(own?.effective),
    permitted: add(own?.permitted),
    ...(own?.ambient === undefined ? {} : { inheritable: add(own.inheritable), ambient: add(own.ambient) }),
  };
}
