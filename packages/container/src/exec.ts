import { SystemError } from '@coracle/errors';
import type { IdMaps, NamespaceType } from '@coracle/namespaces';
import type { Config, Process } from '@coracle/oci-spec';
import {
  Channel,
  closeFd,
  type Outcome,
  type Program,
  type RunningAgent,
  readSiginfo,
  type Step,
  socketPair,
} from '@coracle/syscalls';
import { checkUser } from './ids/check-user.ts';
import { joinsUserNamespace } from './ids/joined-user-namespace.ts';
import { asRoot, lookUpUser, type UserIds } from './ids/users.ts';
import { isLabelled, labelEntered, openCallersProc } from './labels/plan-labels.ts';
import type { Landlock } from './landlock/plan-landlock.ts';
import type { Stdio } from './launch.ts';
import { nullStdio, ownNullStdio, ownsNullStdio } from './null-stdio.ts';
import { checkKnownOfExec } from './options/known-options.ts';
import { OptionError } from './options/option-error.ts';
import { Patience } from './patience.ts';
import { FDS } from './plan/descriptors.ts';
import { hasOwnMounts } from './plan/own-mounts.ts';
import { ENTERED, planWatchedEntry } from './plan/plan-entry.ts';
import { planProcess } from './plan/plan-process.ts';
import { startError } from './program-error.ts';
import { awaitDescriptor } from './receive-descriptor.ts';
import { signalName } from './result.ts';
import { hasEnded, openRootInside, pidOf } from './root-inside.ts';
import { startAgent } from './start-agent.ts';
import { openStdio, type StdioOption } from './stdio.ts';
import { stepError } from './step-error.ts';

/** How a further program runs in a container. */
export interface ExecOptions {
  env?: Readonly<Record<string, string>>;
  /** The container's own if absent. */
  cwd?: string;
  /** `user[:group]`, by the files that programs of the container see now; the container's own if absent. */
  user?: string;
  stdin?: StdioOption;
  stdout?: StdioOption;
  stderr?: StdioOption;
  /** The program is ended after so long: `'5s'`, `'300ms'`, or milliseconds. What it has started itself goes on. */
  timeout?: string | number;
  /** Aborting it ends the program, and rejects with the signal's reason once it has ended. */
  signal?: AbortSignal;
}

/** How a further program ended, with what it wrote where that was kept. */
export interface ExecResult {
  exitCode: number | undefined;
  signal: NodeJS.Signals | undefined;
  /** It was ended because of its `timeout`. */
  timedOut: boolean;
  stdout: string;
  stderr: string;
}

/** The container to be entered. */
export interface ExecTarget {
  /** Descriptor of its process 1, `undefined` when it has ended. */
  pidfd: number | undefined;
  config: Config;
  /** The bounding set of a process that enters it. */
  bounding: bigint;
  /** What Landlock keeps its programs from, if anything. */
  landlock: Landlock | undefined;
  /** Files into which the new process writes "0" to join the cgroup. */
  joinFiles: readonly string[];
  idMaps: IdMaps | undefined;
  /**
   * Takes the listener of a program's filter, and the program's pid; absent where the filter asks about no call.
   * @throws SystemError where it cannot be passed on
   */
  answer?: ((listener: number, pid: number) => void) | undefined;
}

/**
 * Starts a program in a living container and waits for its end.
 * @throws {ProgramError} when it cannot be started; SystemError ESRCH when the container has ended
 */
export async function execIn(
  target: ExecTarget,
  command: readonly string[],
  options: ExecOptions,
): Promise<ExecResult> {
  checkKnownOfExec(options);
  const { pidfd } = target;
  if (pidfd === undefined) throw hasEnded();
  options.signal?.throwIfAborted();
  const patience = new Patience(options);
  const entered = { ...target, pidfd };
  const process = processOf(entered, command, options);
  const stdio = openStdio([options.stdin ?? 'ignore', options.stdout ?? 'pipe', options.stderr ?? 'pipe']);
  const [ours, theirs] = socketPair();
  const channel = new Channel(ours);
  const handover = target.answer && socketPair();
  let listening: Promise<void> | undefined;
  let agent: RunningAgent | undefined;
  try {
    let program: Program;
    try {
      program = planExec(entered, process, stdio.fds);
      const fds = handover ? [theirs, handover[1], pidfd] : [theirs, pidfd];
      agent = startAgent({ stdio: stdio.fds, fds, title: 'coracle: exec' });
    } finally {
      closeFd(theirs);
      if (handover) closeFd(handover[1]);
    }
    stdio.release();
    const message = agent.channel.post(program);
    const texts = Promise.all([stdio.stdout?.text() ?? '', stdio.stderr?.text() ?? '']);
    // When there is nothing to read after all, that is told by another error.
    texts.catch(() => {});
    const started = agent;
    const start = async (): Promise<Outcome | undefined> => {
      const entered = await started.channel.report(message);
      const reason = entered ? undefined : await started.whyGone();
      if (reason) throw reason;
      if (entered?.failure) throw entryError(entered.failure);
      // What is asked about may stand on the way to the program already.
      listening = handover && passOn(handover[0], { target, pid: entered?.result(ENTERED) ?? 0 });
      listening?.catch(() => {}); // told below, unless the start fails first
      const notStarted = await channel.report(message);
      if (notStarted) throw startError(command[0] ?? '', notStarted, message.steps);
      await listening;
      return started.channel.report(message);
    };
    const ended = await patience.waitFor(start(), () => started.channel.finish());
    if (!ended)
      throw new SystemError({ code: 'ECHILD', syscall: 'waitid', text: 'the monitor of the program was killed' });
    options.signal?.throwIfAborted(); // what it wrote is of no interest, and its children may go on writing
    const [stdout, stderr] = await texts;
    const end = readSiginfo(ended.output('end'));
    return {
      exitCode: 'exitCode' in end ? end.exitCode : undefined,
      signal: 'signal' in end ? signalName(end.signal) : undefined,
      timedOut: patience.isOver,
      stdout,
      stderr,
    };
  } catch (error) {
    stdio.discard();
    throw error;
  } finally {
    channel.close();
    agent?.close();
    await listening?.catch(() => {}); // it is waiting at the descriptor, whose other ends are closed by now
    if (handover) closeFd(handover[0]);
  }
}

/**
 * What the kernel answers on the way into a container that ends meanwhile, by the call: its process has no namespaces any more, its
 * cgroup is gone, it takes no signal, and none can be born in a pid namespace without a process 1 (pid_namespaces(7)).
 */
const MEETS_END: Readonly<Record<string, string>> = {
  setns: 'ESRCH',
  pidfd_send_signal: 'ESRCH',
  openat: 'ENOENT',
  write: 'ENODEV',
  clone3: 'ENOMEM',
};

function entryError(failure: NonNullable<Outcome['failure']>): SystemError {
  const error = stepError(failure);
  return MEETS_END[error.syscall] === error.code ? hasEnded(error) : error;
}

async function passOn(handover: number, { target, pid }: { target: ExecTarget; pid: number }): Promise<void> {
  const listener = await awaitDescriptor(handover);
  if (listener !== undefined) target.answer?.(listener, pid);
}

/** Its process 1 was there when the call began. */
type EnteredTarget = ExecTarget & { pidfd: number };

function processOf(
  { config, idMaps, pidfd }: EnteredTarget,
  command: readonly string[],
  { env = {}, cwd, user }: ExecOptions,
): Process {
  const base = config.process;
  if (!base) throw new TypeError('the configuration has no process');
  const [program] = command;
  if (program === undefined || program === '') throw new OptionError('command', 'no program to run in the container');
  const variables = [
    ...(base.env ?? []).filter((variable) => !Object.hasOwn(env, variable.slice(0, variable.indexOf('=')))),
    ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
  ];
  const ids = user === undefined ? undefined : userInside(user, pidfd);
  if (ids && idMaps) checkUser(ids, idMaps);
  return {
    ...base,
    args: [...command],
    env: variables,
    cwd: cwd ?? base.cwd,
    terminal: false,
    ...(ids ? { user: { uid: ids.uid, gid: ids.gid, additionalGids: ids.additionalGids, umask: 0o022 } } : {}),
  };
}

/** By the files that the programs of the container see. */
function userInside(user: string, pidfd: number): UserIds {
  const ids = asRoot(user);
  if (ids) return ids;
  using root = openRootInside(pidfd);
  return lookUpUser(user, root.path);
}

function planExec(target: EnteredTarget, process: Process, stdio: Stdio): Program {
  const labelled = isLabelled(process);
  const { idMaps } = target;
  const ownStdio = ownsNullStdio({ idMaps, terminal: false }) ? ownNullStdio(nullStdio(stdio)) : [];
  return planWatchedEntry({
    pidfd: target.answer ? FDS.handover + 1 : FDS.handover,
    notifies: target.answer !== undefined,
    namespaces: namespacesOf(target.config),
    rootOf: hasOwnMounts(target.config) ? undefined : pidOf(target.pidfd),
    joinFiles: target.joinFiles,
    before: labelled ? [openCallersProc()] : [],
    born: [...(labelled ? labelEntered(process) : []), ...ownStdio],
    start: startIn(target, process),
  });
}

/**
 * Steps by which a process that was born in a container becomes a further program of it.
 * @param settings what else of the kernel is to hold for it
 */
export function startIn(
  target: Pick<ExecTarget, 'config' | 'bounding' | 'landlock' | 'idMaps'>,
  process: Process,
  settings: readonly Step[] = [],
): Step[] {
  return planProcess({
    process,
    settings,
    seccomp: target.config.linux?.seccomp,
    bounding: target.bounding,
    landlock: target.landlock,
    makeWorkingDirectory: false,
    canSetGroups: joinsUserNamespace(target.config) ? 'unknown' : target.idMaps?.how !== 'single',
    init: false,
  });
}

/** The kinds of namespace that a further program enters. */
export function namespacesOf(config: Config): NamespaceType[] {
  return (config.linux?.namespaces ?? []).map(({ type }) => type);
}
