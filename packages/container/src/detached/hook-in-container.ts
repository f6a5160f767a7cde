import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { errnoName } from '@coracle/errors';
import type { NamespaceType } from '@coracle/namespaces';
import type { Hook } from '@coracle/oci-spec';
import {
  Agent,
  Channel,
  closeFd,
  execve,
  fchdir,
  flags,
  MFD,
  OPEN,
  openat,
  readSiginfo,
  resultOf,
  runLocally,
  socketPair,
  step,
} from '@coracle/syscalls';
import { type Entry, planWatchedEntry } from '../plan/plan-entry.ts';
import { becomeRoot } from '../plan/plan-init.ts';
import { signalName } from '../result.ts';
import { stepError } from '../step-error.ts';
import { HookError } from './hook-error.ts';
import { HookWords } from './hook-words.ts';
import type { HookCall, RunHook } from './hooks.ts';
import type { Confinement } from './plan-inside-hook.ts';

/** Descriptor 5 of the agent that enters: the container's first process. */
const TARGET = 5;

/** The container that a hook runs in. */
export interface HookPlace {
  /** Its first process. */
  pid: number;
  pidfd: number;
  namespaces: readonly NamespaceType[];
  /** Its pid, where its root is not that of its mount namespace; not before its root is changed. */
  rootOf?: number | undefined;
  /** Its root is not changed yet: the hook sees the host's files, and begins where among them the container's lie. */
  isBeforePivot?: boolean;
  /** What a hook is held to, where it is not run with all rights of the caller: one whose program is a file of the container. */
  confine?: (hook: Hook) => Confinement;
}

/**
 * Runs hooks in the namespaces of a container: with its own files, or before its root is changed with those of the host, where the
 * container's lie at the path of its root.
 * @see setns(2)
 */
export function runInContainer(place: HookPlace): RunHook {
  return async (hook, about) => {
    const input = inMemory(about.input);
    const nothing = openSync('/dev/null', constants.O_RDWR);
    const words = new HookWords();
    const [ours, theirs] = socketPair();
    const channel = new Channel(ours);
    let agent: Agent | undefined;
    try {
      try {
        agent = Agent.spawn({
          stdio: [input, nothing, words.writeEnd],
          fds: [theirs, place.pidfd],
          title: `coracle: ${about.name} hook`,
        });
      } finally {
        closeFd(theirs);
        words.given();
      }
      const problem = await runOne(hook, { agent, channel, place, about });
      const said = await words.end();
      if (problem !== undefined) throw new HookError({ ...about, path: hook.path, problem, said });
    } finally {
      await words.end();
      channel.close();
      agent?.close();
      closeSync(input);
      closeSync(nothing);
    }
  };
}

/** A file without a name that holds a text, which may be longer than what fits into a pipe. @see memfd_create(2) */
function inMemory(text: string): number {
  const outcome = runLocally([
    step('memfd_create', ['state', MFD.MFD_CLOEXEC], { why: 'have the state to read for a hook', result: 'fd' }),
  ]);
  outcome.throwIfFailed();
  const fd = outcome.result('fd') ?? -1;
  writeSync(fd, text, 0); // at a place, so that it is read from the beginning
  return fd;
}

/**
 * Before the change of the root the container's first process stands in the new one, which lies at its path on the host: by the process,
 * so that no path is gone along. In a user namespace the hook is its root, as that process is: nobody would have no rights there.
 */
function beginInRootfs({ pid, namespaces }: HookPlace): Pick<Entry, 'before' | 'born'> {
  const why = "let the hook begin at the container's files";
  const directory = flags(OPEN, 'O_PATH', 'O_DIRECTORY', 'O_CLOEXEC');
  return {
    before: [openat({ path: `/proc/${pid}/cwd`, flags: directory }, { why, result: 'rootfs' })],
    born: [fchdir(resultOf('rootfs'), why), ...(namespaces.includes('user') ? becomeRoot() : [])],
  };
}

interface Entered {
  agent: Agent;
  /** To the hook's process, until it is the hook. */
  channel: Channel;
  place: HookPlace;
  about: HookCall;
}

/** What went wrong with the hook; `undefined` when nothing did. */
async function runOne(hook: Hook, { agent, channel, place, about: { name } }: Entered): Promise<string | undefined> {
  const { path, args = [path], env = [], timeout } = hook;
  const why = `run the ${name} hook ${path}`;
  const program = planWatchedEntry({
    pidfd: TARGET,
    namespaces: place.namespaces,
    joinFiles: [],
    rootOf: place.rootOf,
    ...(place.isBeforePivot ? beginInRootfs(place) : {}),
    start: [execve({ path, argv: args, env }, { why })],
    ...place.confine?.(hook),
  });
  const message = agent.channel.post(program);
  const entered = await agent.channel.report(message);
  if (entered?.failure) throw stepError(entered.failure);
  const failed = await channel.report(message);
  if (failed?.failure && failed.failure.step.syscall !== 'execve') throw stepError(failed.failure);
  if (failed?.failure) return `could not be started (${errnoName(failed.failure.errno)})`;
  let isLate = false;
  const timer =
    timeout === undefined
      ? undefined
      : setTimeout(() => {
          isLate = true;
          agent.channel.finish();
        }, timeout * 1000);
  const ended = await agent.channel.report(message);
  clearTimeout(timer);
  if (isLate) return `was not done after ${timeout} s`;
  if (!ended) return 'was ended with the process that watched it';
  const end = readSiginfo(ended.output('end'));
  if ('signal' in end) return `was ended by ${signalName(end.signal)}`;
  return end.exitCode === 0 ? undefined : `ended with status ${end.exitCode}`;
}
