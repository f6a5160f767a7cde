import { exec, find, Store } from '@coracle/container/detached';
import { adopt, awaitExit } from '../adopt.ts';
import { type OptionRow, parseCommandLine } from '../command-line.ts';
import { Console } from '../console.ts';
import { execProcess } from '../exec-process.ts';
import type { Settings } from '../global-options.ts';
import { log } from '../log.ts';
import { subgroupsOf } from '../subgroups-of.ts';

const OPTIONS: readonly OptionRow[] = [
  { long: 'process', short: 'p', value: 'FILE', help: 'a process as config.json has it, in place of the words' },
  { long: 'detach', short: 'd', help: 'do not wait for its end' },
  { long: 'pid-file', value: 'FILE', help: 'where its pid is written' },
  { long: 'pidfd-socket', value: 'PATH', help: 'the socket that a descriptor of its process is sent to' },
  { long: 'console-socket', value: 'PATH', help: 'the socket that its terminal is sent to' },
  { long: 'tty', short: 't', help: 'give it a terminal' },
  { long: 'user', short: 'u', value: 'UID[:GID]', help: 'whom it runs as' },
  { long: 'additional-gids', short: 'g', value: 'GID', many: true, help: 'further groups' },
  { long: 'cwd', value: 'DIR', help: 'where it begins' },
  { long: 'env', short: 'e', value: 'NAME=VALUE', many: true, help: 'a variable' },
  { long: 'cap', short: 'c', value: 'NAME', many: true, help: 'a further capability' },
  { long: 'no-new-privs', help: 'forbid it to gain rights' },
  { long: 'apparmor', value: 'PROFILE', help: 'its AppArmor profile' },
  { long: 'process-label', value: 'LABEL', help: 'its SELinux label' },
  { long: 'preserve-fds', value: 'N', help: 'give it N descriptors beside input, output and those of LISTEN_FDS' },
  {
    long: 'cgroup',
    value: '[CONTROLLER,...:]PATH',
    many: true,
    help: 'run it in a group below that of the container, which is there already',
  },
  { long: 'ignore-paused', help: 'enter a container that is paused' },
];

/** Exit code when the program could not be started, as runc has it. */
const FAILED = 255;

/** `coracle-oci exec`. */
export async function command(args: readonly string[], settings: Settings): Promise<number> {
  try {
    return await execute(parseCommandLine(args, OPTIONS), settings);
  } catch (error) {
    if (error instanceof Error) Object.assign(error, { commandExitCode: FAILED });
    throw error;
  }
}

async function execute({ options, words }: ReturnType<typeof parseCommandLine>, settings: Settings): Promise<number> {
  const store = new Store(settings.root);
  const onWarning = ({ path, text }: { path: string; text: string }): void =>
    log(settings.log, 'warning', `${path} ${text}`);
  const { id, process } = execProcess({ options, words }, (name) => find(store, name).record.config, onWarning);
  const detached = options.has('detach');
  if (!detached) adopt();
  const terminal = !detached && process.terminal ? new Console() : undefined;
  try {
    const pid = await exec(store, id, {
      process,
      consoleSocket: terminal?.path ?? options.text('console-socket'),
      pidfdSocket: options.text('pidfd-socket'),
      pidFile: options.text('pid-file'),
      preserveFds: options.count('preserve-fds') ?? 0,
      ignorePaused: options.has('ignore-paused'),
      subgroups: subgroupsOf(options.list('cgroup')),
      onWarning,
    });
    if (detached) return 0;
    const ended = awaitExit(pid);
    terminal?.connect();
    const code = await ended;
    await terminal?.finish();
    return code;
  } finally {
    terminal?.close();
  }
}
