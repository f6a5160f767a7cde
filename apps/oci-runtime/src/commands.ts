import { command as checkpoint } from './commands/checkpoint.ts';
import { command as create } from './commands/create.ts';
import { command as remove } from './commands/delete.ts';
import { command as events } from './commands/events.ts';
import { command as exec } from './commands/exec.ts';
import { command as features } from './commands/features.ts';
import { help } from './commands/help.ts';
import { command as kill } from './commands/kill.ts';
import { command as list } from './commands/list.ts';
import { command as pause } from './commands/pause.ts';
import { command as ps } from './commands/ps.ts';
import { command as resume } from './commands/resume.ts';
import { command as run } from './commands/run.ts';
import { command as spec } from './commands/spec.ts';
import { command as start } from './commands/start.ts';
import { command as state } from './commands/state.ts';
import { command as update } from './commands/update.ts';
import { command as version } from './commands/version.ts';
import type { Settings } from './global-options.ts';

/** What a command does with the words behind its name; its result is the exit code. */
export type Command = (args: readonly string[], settings: Settings) => Promise<number>;

interface Row {
  help: string;
  command: Command;
}

/**
 * The commands by name. All are imported at once: the bundle is then one flat scope, which can be split into what a command needs
 * and the rest, since an engine calls this program several times for each container, each time for one thing only.
 */
export const COMMANDS: Readonly<Record<'help' | 'version', Row>> & Readonly<Record<string, Row>> = {
  create: { help: 'make a container from a bundle; it waits for its start', command: create },
  start: { help: 'start the program of a container', command: start },
  state: { help: 'print what a container is in, as JSON', command: state },
  kill: { help: 'send a signal to a container', command: kill },
  delete: { help: 'remove what is left of a container', command: remove },
  run: { help: 'create, start, wait and delete in one', command: run },
  exec: { help: 'run a further program in a container', command: exec },
  list: { help: 'list containers', command: list },
  ps: { help: 'list the processes of a container', command: ps },
  pause: { help: 'stop the processes of a container', command: pause },
  resume: { help: 'let them go on', command: resume },
  update: { help: 'change the limits of a container', command: update },
  events: { help: 'print what a container uses, and its events, as JSON', command: events },
  spec: { help: 'write a config.json to go on from', command: spec },
  features: { help: 'print what this runtime can do, as JSON', command: features },
  checkpoint: { help: 'refused: nothing is checkpointed', command: checkpoint },
  restore: { help: 'refused, likewise', command: checkpoint },
  version: { help: 'print the version', command: version },
  help: { help: 'show this', command: () => help(COMMANDS) },
};
