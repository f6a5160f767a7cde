import type { Settings } from './global-options.ts';

/** What a command does with the words behind its name; its result is the exit code. */
export type Command = (args: readonly string[], settings: Settings) => Promise<number>;

interface Row {
  help: string;
  /** Loads it: an engine calls this program several times for each container, each time for one thing only. */
  load: () => Promise<{ command: Command }>;
}

/** The commands by name. */
export const COMMANDS: Readonly<Record<'help' | 'version', Row>> & Readonly<Record<string, Row>> = {
  create: {
    help: 'make a container from a bundle; it waits for its start',
    load: () => import('./commands/create.ts'),
  },
  start: { help: 'start the program of a container', load: () => import('./commands/start.ts') },
  state: { help: 'print what a container is in, as JSON', load: () => import('./commands/state.ts') },
  kill: { help: 'send a signal to a container', load: () => import('./commands/kill.ts') },
  delete: { help: 'remove what is left of a container', load: () => import('./commands/delete.ts') },
  run: { help: 'create, start, wait and delete in one', load: () => import('./commands/run.ts') },
  exec: { help: 'run a further program in a container', load: () => import('./commands/exec.ts') },
  list: { help: 'list containers', load: () => import('./commands/list.ts') },
  ps: { help: 'list the processes of a container', load: () => import('./commands/ps.ts') },
  pause: { help: 'stop the processes of a container', load: () => import('./commands/pause.ts') },
  resume: { help: 'let them go on', load: () => import('./commands/resume.ts') },
  update: { help: 'change the limits of a container', load: () => import('./commands/update.ts') },
  events: { help: 'print what a container uses, and its events, as JSON', load: () => import('./commands/events.ts') },
  spec: { help: 'write a config.json to go on from', load: () => import('./commands/spec.ts') },
  features: { help: 'print what this runtime can do, as JSON', load: () => import('./commands/features.ts') },
  checkpoint: { help: 'refused: nothing is checkpointed', load: () => import('./commands/checkpoint.ts') },
  restore: { help: 'refused, likewise', load: () => import('./commands/checkpoint.ts') },
  version: { help: 'print the version', load: () => import('./commands/version.ts') },
  help: { help: 'show this', load: () => import('./commands/help.ts') },
};
