import type { OptionRow, Options } from './command-line.ts';
import { UsageError } from './command-line.ts';
import type { LogOptions } from './log.ts';

/** Options before the name of the command, as runc has them. */
export const GLOBAL_OPTIONS: readonly OptionRow[] = [
  { long: 'root', value: 'DIR', help: 'where the state of containers is kept, best on a tmpfs' },
  { long: 'log', value: 'FILE', help: 'where errors and warnings are written to; standard error if absent' },
  { long: 'log-format', value: 'text|json', help: 'how: text if absent' },
  { long: 'debug', help: 'tell more: how this command was called, and where an error came from' },
  { long: 'systemd-cgroup', help: 'have systemd make the cgroups' },
  {
    long: 'rootless',
    value: 'true|false|auto',
    help: 'taken for the sake of engines: what an ordinary user cannot have is told',
  },
  { long: 'criu', value: 'PATH', help: 'taken for the sake of engines: nothing is checkpointed' },
  { long: 'help', short: 'h', help: 'show this' },
  { long: 'version', short: 'v', help: 'show the version' },
];

/** What all commands depend on. */
export interface Settings {
  /** Where the state of containers is kept. */
  root: string;
  /** Whether the caller has named it. */
  isRootGiven: boolean;
  log: LogOptions;
  systemdCgroup: boolean;
}

/** Who calls. */
export interface Caller {
  uid: number;
  /** Not that of the machine: whose root may write less than root. */
  isInUserNamespace: boolean;
  environment: Readonly<Record<string, string | undefined>>;
}

/**
 * The settings that a command line and the environment come to.
 * @throws {UsageError} for a value that cannot be meant
 * @example
 * settingsOf(options, { uid: 0, isInUserNamespace: false, environment: {} }).root; // '/run/coracle-oci'
 */
export function settingsOf(options: Options, caller: Caller): Settings {
  const format = options.text('log-format') ?? 'text';
  if (format !== 'text' && format !== 'json')
    throw new UsageError(`--log-format is text or json, and not ${JSON.stringify(format)}`);
  const rootless = options.text('rootless') ?? 'auto';
  if (!['true', 'false', 'auto'].includes(rootless))
    throw new UsageError(`--rootless is true, false or auto, and not ${JSON.stringify(rootless)}`);
  return {
    root: options.text('root') ?? defaultRoot(caller),
    isRootGiven: options.has('root'),
    log: { file: options.text('log'), format, debug: options.has('debug') },
    systemdCgroup: options.has('systemd-cgroup'),
  };
}

/** Root has it under /run; others, and the root of a user namespace, in their runtime directory. */
function defaultRoot({ uid, isInUserNamespace, environment }: Caller): string {
  const runtime = environment['XDG_RUNTIME_DIR'];
  if (uid === 0 && !isInUserNamespace) return '/run/coracle-oci';
  return runtime ? `${runtime}/coracle-oci` : `/tmp/coracle-oci-${uid}`;
}
