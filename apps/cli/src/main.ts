import { nearest } from '@coracle/errors';
import { hasSwitch, UsageError } from './arguments.ts';
import { command as apparmor } from './commands/apparmor.ts';
import { command as doctor } from './commands/doctor.ts';
import { command as explain } from './commands/explain.ts';
import { command as help } from './commands/help.ts';
import { command as inspect } from './commands/inspect.ts';
import { command as run } from './commands/run.ts';
import { command as version } from './commands/version.ts';
import { endWhenDone } from './end-when-done.ts';
import { COMMON_OPTIONS, CONTAINER_OPTIONS, INSPECT_OPTIONS } from './option-table.ts';
import { tell } from './output.ts';
import { renderError } from './render/error.ts';

/** What a command does with the words behind its name; its result is the exit code. */
export type Command = (args: readonly string[]) => Promise<number>;

/**
 * The commands by name. All are imported at once: the bundle is then one flat scope, which is ready sooner than one whose
 * modules wait to be called for.
 */
const COMMANDS: Readonly<Record<string, Command>> = { run, inspect, explain, doctor, apparmor, help, version };

/** Other ways to ask for a command. */
const ALIASES: Readonly<Record<string, string>> = {
  '--help': 'help',
  '-h': 'help',
  '--version': 'version',
  '-v': 'version',
};

/** Coracle itself failed, or was misused: the exit code by which Docker says so. */
const FAILED = 125;

async function main(args: readonly string[]): Promise<number> {
  const [word = 'help', ...rest] = args;
  const name = ALIASES[word] ?? word;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    const near = nearest(name, Object.keys(COMMANDS));
    throw new UsageError(
      `there is no command ${JSON.stringify(word)}`,
      near ? `did you mean coracle ${near}?` : `to run a program: coracle run ${word}`,
    );
  }
  return command(rest);
}

/** A look at the options is enough here, where they may be wrong. */
function ownSwitch(args: readonly string[], name: string): boolean {
  const run = args[0] === 'explain' ? args.indexOf('run') : 0;
  const options = args.slice(1).filter((_, index) => index !== run - 1);
  return hasSwitch(options, [...CONTAINER_OPTIONS, ...INSPECT_OPTIONS, ...COMMON_OPTIONS], name);
}

function exitCodeOf(error: unknown): number {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'exitCode') : undefined;
  return code === 126 || code === 127 ? code : FAILED;
}

endWhenDone();

const args = process.argv.slice(2);
main(args).then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    const rendered = renderError(error, { debug: ownSwitch(args, 'debug'), json: ownSwitch(args, 'json') });
    tell(rendered);
    process.exitCode = exitCodeOf(error);
  },
);
