import { SystemError } from '@coracle/errors';
import { type IdMaps, joinNamespaces, type NamespaceType } from '@coracle/namespaces';
import type { Config, Process } from '@coracle/oci-spec';
import {
  Channel,
  clone3,
  close,
  closeFd,
  closeRange,
  dup3,
  flags,
  MSG,
  OPEN,
  openat,
  output,
  P,
  PR,
  type Program,
  prctl,
  REPORT,
  REPORT_LENGTH,
  type RunningAgent,
  readSiginfo,
  resultOf,
  SIGINFO_LENGTH,
  SIGKILL,
  type Step,
  socketPair,
  step,
  WAIT,
  write,
} from '@coracle/syscalls';
import { checkUser } from './check-user.ts';
import { loggedBy } from './config-security.ts';
import { FDS } from './descriptors.ts';
import { filterFor } from './filter-for.ts';
import { checkKnownOfExec } from './known-options.ts';
import { isLabelled, labelEntered, openCallersProc } from './labels/plan-labels.ts';
import { OptionError } from './option-error.ts';
import { Patience } from './patience.ts';
import type { Landlock } from './plan-landlock.ts';
import { planProcess } from './plan-process.ts';
import { keepPidfd, waitForEither } from './plan-watch.ts';
import { startError } from './program-error.ts';
import { signalName } from './result.ts';
import { startAgent } from './start-agent.ts';
import { openStdio, type StdioOption } from './stdio.ts';
import { stepError } from './step-error.ts';
import { lookUpUser } from './users.ts';

/** How a further program runs in a container. */
export interface ExecOptions {
  env?: Readonly<Record<string, string>>;
  /** The container's own if absent. */
  cwd?: string;
  /** `user[:group]`; the container's own if absent. */
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
}

/** Descriptor 5 of the agent that enters: the container's process 1. */
const TARGET_PIDFD = 5;

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
  if (target.pidfd === undefined)
    throw new SystemError({ code: 'ESRCH', syscall: 'setns', text: 'the container has ended' });
  checkFilter(target.config);
  options.signal?.throwIfAborted();
  const patience = new Patience(options);
  const program = planExec(target, processOf(target, command, options));
  const stdio = openStdio([options.stdin ?? 'ignore', options.stdout ?? 'pipe', options.stderr ?? 'pipe']);
  const [ours, theirs] = socketPair();
  const channel = new Channel(ours);
  let agent: RunningAgent | undefined;
  try {
    try {
      agent = startAgent({ stdio: stdio.fds, fds: [theirs, target.pidfd], title: 'coracle: exec' });
    } finally {
      closeFd(theirs);
    }
    stdio.release();
    const message = agent.channel.post(program);
    const texts = Promise.all([stdio.stdout?.text() ?? '', stdio.stderr?.text() ?? '']);
    // When there is nothing to read after all, that is told by another error.
    texts.catch(() => {});
    const entered = await agent.channel.report(message);
    const reason = entered ? undefined : await agent.whyGone();
    if (reason) throw reason;
    if (entered?.failure) throw stepError(entered.failure);
    const notStarted = await channel.report(message);
    if (notStarted) throw startError(command[0] ?? '', notStarted, message.steps);
    const { channel: monitor } = agent;
    const ended = await patience.waitFor(monitor.report(message), () => monitor.finish());
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
  }
}

/** Its calls would wait for a listener that only the container's first program has. */
function checkFilter({ linux }: Config): void {
  const profile = linux?.seccomp;
  if (profile && !loggedBy(profile) && filterFor(profile).notifies)
    throw new OptionError(
      'onSyscall',
      'no further program can run in a container whose seccomp profile asks a listener',
      'start a container of its own for it',
    );
}

function processOf(
  { config, idMaps }: ExecTarget,
  command: readonly string[],
  { env = {}, cwd, user }: ExecOptions,
): Process {
  const base = config.process;
  if (!base) throw new TypeError('the configuration has no process');
  const [program] = command;
  if (program === undefined || program === '') throw new OptionError('command', 'no program to run in the container');
  const variables = [
    ...(base.env ?? []).filter((variable) => !(variable.slice(0, variable.indexOf('=')) in env)),
    ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
  ];
  const ids = user === undefined ? undefined : lookUpUser(user, config.root?.path ?? '/');
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

/**
 * The agent enters the container's cgroup and namespaces itself and gives birth inside: a process is in a PID namespace only
 * from birth. It cannot be traced or read from the container: it is not dumpable, and in no PID namespace of it (CVE-2016-9962).
 */
function planExec(target: ExecTarget, process: Process): Program {
  const parent = (why: string): { why: string; only: 'parent' } => ({ why, only: 'parent' });
  const start = planProcess({
    process,
    seccomp: loggedBy(target.config.linux?.seccomp) ?? target.config.linux?.seccomp,
    bounding: target.bounding,
    landlock: target.landlock,
    makeWorkingDirectory: false,
    canSetGroups: target.idMaps?.how !== 'single',
    init: false,
  });
  const labelled = isLabelled(process);
  const born = [
    ...(labelled ? labelEntered(process) : []),
    dup3({ from: FDS.initSocket, to: FDS.socket, flags: flags(OPEN, 'O_CLOEXEC') }, 'listen to its own socket'),
    closeRange({ first: FDS.initSocket }, 'close every descriptor but input, output and the socket'),
    ...start,
  ];
  const doors = openDoors(target.joinFiles);
  return {
    steps: [
      closeRange({ first: TARGET_PIDFD + 1 }, 'keep no descriptor of the caller open'),
      prctl(flags(PR, 'PR_SET_DUMPABLE'), [0], 'let nobody trace the agent or read its memory'),
      ...doors.open,
      ...(labelled ? [openCallersProc()] : []),
      ...joinNamespaces({ pidfd: TARGET_PIDFD, namespaces: namespacesOf(target.config) }),
      clone3({ flags: 0 }, { why: 'be born inside', result: 'program' }),
      ...doors.enter.map((one): Step => ({ ...one, only: 'child' })),
      ...doors.close.map((one): Step => ({ ...one, only: 'parent' })),
      ...born.map((one): Step => ({ ...one, only: 'child' })),
      close(FDS.initSocket, parent('leave the socket to the program')),
      closeRange({ first: 0, last: 2 }, parent('leave input and output to the program')),
      ...keepPidfd('program', 'watch the program'),
      step('sendto', [FDS.socket, REPORT, REPORT_LENGTH, flags(MSG, 'MSG_NOSIGNAL'), null, 0], {
        ...parent('tell the caller'),
        tolerate: 'any',
      }),
      waitForEither('wait for the end of the program or of the caller'),
    ],
    finally: [
      step('kill', [resultOf('program'), SIGKILL], parent('end the program, if the caller ended first')),
      step(
        'waitid',
        [P.P_ALL, 0, output('end', SIGINFO_LENGTH), flags(WAIT, 'WEXITED'), null],
        parent('learn how it ended'),
      ),
    ],
  };
}

/**
 * The agent stays outside of the container's cgroup, which could not be removed otherwise while the agent waits: the doors
 * are opened by it, on the host, and gone through by the program.
 */
function openDoors(files: readonly string[]): Record<'open' | 'enter' | 'close', Step[]> {
  const why = 'join the cgroup of the container';
  const door = (index: number): string => `door ${index}`;
  return {
    open: files.map((path, index) =>
      openat({ path, flags: flags(OPEN, 'O_WRONLY', 'O_CLOEXEC') }, { why, result: door(index) }),
    ),
    enter: files.map((_, index) => write({ fd: resultOf(door(index)), data: '0' }, why)),
    close: files.map((_, index) => close(resultOf(door(index)), why)),
  };
}

function namespacesOf(config: Config): NamespaceType[] {
  return (config.linux?.namespaces ?? []).map(({ type }) => type);
}
