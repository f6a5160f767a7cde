import { create, Store } from '@coracle/container/detached';
import { type OptionRow, type Options, onlyId, parseCommandLine } from '../command-line.ts';
import type { Settings } from '../global-options.ts';
import { log } from '../log.ts';
import { readConfig } from '../read-config.ts';
import { systemdManager } from '../systemd-manager.ts';

/** Options of the commands that make a container. */
export const CREATE_OPTIONS: readonly OptionRow[] = [
  { long: 'bundle', short: 'b', value: 'DIR', help: 'the directory of the bundle; the working directory if absent' },
  { long: 'console-socket', value: 'PATH', help: 'the socket that the terminal is sent to' },
  { long: 'pidfd-socket', value: 'PATH', help: 'the socket that a descriptor of the first process is sent to' },
  { long: 'pid-file', value: 'FILE', help: 'where the pid of the first process is written' },
  { long: 'no-pivot', help: 'change the root without pivot_root, for a root on a ramdisk' },
  { long: 'no-new-keyring', help: 'leave the program in the session keyring of the caller' },
  {
    long: 'preserve-fds',
    value: 'N',
    help: 'give the program N descriptors beside input, output and those of LISTEN_FDS',
  },
];

/** What {@link CREATE_OPTIONS} say. */
export function createOptions(
  options: Options,
  { id, settings }: { id: string; settings: Settings },
): Parameters<typeof create>[1] {
  return {
    id,
    ...readConfig(options.text('bundle') ?? '.'),
    consoleSocket: options.text('console-socket'),
    pidfdSocket: options.text('pidfd-socket'),
    pidFile: options.text('pid-file'),
    noPivot: options.has('no-pivot'),
    noNewKeyring: options.has('no-new-keyring'),
    preserveFds: options.count('preserve-fds') ?? 0,
    systemd: systemdManager(settings),
    onWarning: ({ path, text }) => log(settings.log, 'warning', `config.json: ${path} ${text}`),
  };
}

/** `coracle-oci create`. */
export async function command(args: readonly string[], settings: Settings): Promise<number> {
  const { options, words } = parseCommandLine(args, CREATE_OPTIONS, { anywhere: true });
  const id = onlyId(words, 'create');
  await create(new Store(settings.root), createOptions(options, { id, settings }));
  return 0;
}
