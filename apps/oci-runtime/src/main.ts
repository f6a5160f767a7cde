import { readFileSync } from 'node:fs';
import { nearest } from '@coracle/errors';
import { endAtOnce } from '@coracle/syscalls';
import { HelpRequest, Options, parseCommandLine, UsageError } from './command-line.ts';
import { helpOf } from './commands/help.ts';
import { COMMANDS } from './commands.ts';
import { type Caller, GLOBAL_OPTIONS, type Settings, settingsOf } from './global-options.ts';
import { describeError, log, traceError } from './log.ts';

/** The command itself failed, as runc has it. */
const FAILED = 1;
/** Likewise, for a word that is no command. */
const NO_SUCH_COMMAND = 3;

const caller: Caller = {
  uid: process.geteuid?.() ?? 0,
  isInUserNamespace: !/^ +0 +0 +4294967295$/m.test(readFileSync('/proc/self/uid_map', 'latin1')),
  environment: process.env,
};
let settings: Settings = settingsOf(new Options(new Map()), caller);

async function main(args: readonly string[]): Promise<number> {
  const { options, words } = parseCommandLine(args, GLOBAL_OPTIONS);
  settings = settingsOf(options, caller);
  log(settings.log, 'debug', `called with ${JSON.stringify(args)} by pid ${process.ppid}`);
  const [word = 'help', ...rest] = words;
  const name = options.has('version') ? 'version' : options.has('help') ? 'help' : word;
  const found = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (found) return found.command(rest, settings).catch((error) => helpIfAsked(error, { name, what: found.help }));
  const near = nearest(name, Object.keys(COMMANDS));
  const hint = near ? `did you mean ${near}?` : 'see coracle-oci --help';
  throw Object.assign(new UsageError(`there is no command ${JSON.stringify(name)}`, hint), {
    commandExitCode: NO_SUCH_COMMAND,
  });
}

async function helpIfAsked(error: unknown, about: { name: string; what: string }): Promise<number> {
  if (error instanceof HelpRequest) return helpOf({ ...about, rows: error.rows });
  throw error;
}

function fail(error: unknown): void {
  const message = describeError(error);
  log(settings.log, 'error', message);
  // Who has asked for a file is told on standard error too, as engines show either.
  if (settings.log.file !== undefined) process.stderr.write(`${message}\n`);
  log(settings.log, 'debug', traceError(error));
  const code: unknown = error instanceof Error ? Reflect.get(error, 'commandExitCode') : undefined;
  process.exitCode = typeof code === 'number' ? code : FAILED;
}

// When nothing is left to do, all output has been written too. A profiler writes what it has seen only after that.
if (process.execArgv.length === 0 && !process.env['NODE_OPTIONS'] && !process.env['NODE_V8_COVERAGE'])
  process.once('beforeExit', () => process.on('exit', (code) => endAtOnce(Number(process.exitCode ?? code))));

main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
}, fail);
