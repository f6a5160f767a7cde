import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { isErrno, SystemError } from '@coracle/errors';
import { closeFd, SIGKILL } from '@coracle/syscalls';
import { removeGroup } from './cgroup/cgroup-for.ts';
import type { EndReport } from './end-report.ts';
import { openProgram } from './enterable.ts';
import { type ExecOptions, type ExecResult, execIn } from './exec.ts';
import { thisHost } from './host.ts';
import { wasOutrun } from './ids/id-register.ts';
import type { Isolation } from './isolation.ts';
import { type Goal, Launch, type LaunchOptions } from './launch.ts';
import { withMountCalls } from './mount-calls.ts';
import { parseDuration } from './options/duration.ts';
import { OptionError } from './options/option-error.ts';
import type { ContainerOptions } from './options/options.ts';
import { Patience } from './patience.ts';
import type { Plan } from './plan/plan.ts';
import { type Prepared, prepare } from './prepare.ts';
import { type LimitHit, type Result, signalName, signalNumber } from './result.ts';
import { Answerer, type Reached } from './seccomp/answerer.ts';
import type { SyscallHandler } from './seccomp/listener.ts';
import { type RunningField, type SentStart, sentStart } from './sent-start.ts';
import { type ContainerState, idOfName, recordState, stateDirectory, stateIdentity } from './state/state.ts';
import { prepareStateRoot } from './state/state-root.ts';
import { Sweeping, sweep } from './state/sweep.ts';
import { type OpenedStdio, type Output, openStdio, type StdioOption } from './stdio.ts';

/** How a container is connected to this process. */
export interface LifeOptions {
  stdin?: StdioOption;
  stdout?: StdioOption;
  stderr?: StdioOption;
  /** Ends the container after this time: milliseconds, or `'5s'`, `'1m'`. */
  timeout?: number | string;
  /** Ends the container when it is aborted; what is being waited for then rejects with its reason. */
  signal?: AbortSignal;
  /** This process's terminal and its settings, to be put back at the end even when this process is killed. */
  callerTerminal?: { fd: number; settings: Uint8Array };
  /**
   * Answers system calls that the seccomp profile asks about (`SCMP_ACT_NOTIFY`), while the program waits; those of programs
   * that enter the container later as well. What it throws ends the container, and is what waiting rejects with.
   */
  onSyscall?: SyscallHandler;
  /** Is given what a container is started with, by {@link Container.run}, where sending that again would start the same once more. */
  onSent?: (sent: SentStart) => void;
}

/** Where a container comes from: what thinks it through, and how it lives. */
export interface Origin extends LifeOptions {
  name?: string | undefined;
  prepare: () => Prepared;
}

/** Of the state roots that this process has made containers in. */
const sweepings = new Map<string, Sweeping>();

/**
 * A container, from *created* to *stopped*.
 *
 * It ends when it is disposed of, and with this process. Nothing of it is left when {@link wait} resolves.
 * @example
 * await using box = await Container.create({ root: './rootfs', command: ['sh', '-c', 'echo hello'] });
 * await box.start();
 * for await (const line of box.stdout ?? []) console.log(line);
 * const { exitCode } = await box.wait();
 */
export class Container implements AsyncDisposable {
  readonly id: string;
  readonly name: string | undefined;
  /** Process 1 of the container, as the host numbers it. */
  readonly pid: number;
  readonly isolation: Isolation;
  /** What is written here the program reads; `undefined` unless it is a pipe. */
  readonly stdin: Writable | undefined;
  readonly stdout: Output | undefined;
  readonly stderr: Output | undefined;
  readonly #launch: Launch;
  readonly #prepared: Omit<Prepared, 'plan'>;
  readonly #entry: Pick<Plan, 'idMaps' | 'init' | 'landlock'>;
  readonly #ended: Promise<Result>;
  #started = process.hrtime.bigint();
  readonly #created: number = Date.now();
  #limitHit: LimitHit | undefined;
  /** Who answers the system calls that the filter asks about, and what reaches them from before the start until after it. */
  readonly #answerer: Answerer | undefined;
  #reached: Reached | undefined;
  /** What the handler of system calls threw. */
  #handlerError: { error: unknown } | undefined;

  private constructor(
    prepared: Prepared,
    {
      launch,
      stdio,
      options,
      answerer,
      reached,
    }: {
      launch: Launch;
      stdio: OpenedStdio;
      options: Origin;
      answerer: Answerer | undefined;
      reached: Reached | undefined;
    },
  ) {
    this.id = prepared.id;
    this.name = options.name;
    this.pid = launch.pid;
    this.isolation = { ...prepared.isolation, agent: launch.image };
    this.stdin = stdio.stdin;
    this.stdout = stdio.stdout;
    this.stderr = stdio.stderr;
    this.#launch = launch;
    this.#answerer = answerer;
    this.#reached = reached;
    const { plan, ...rest } = prepared; // a program of hundreds of steps, which the launch lets go of
    this.#prepared = rest;
    this.#entry = { idMaps: plan.idMaps, init: plan.init, landlock: plan.landlock };
    this.#ended = this.#watch(options);
    // Whoever never waits is not to be told of a failure by the death of the process.
    this.#ended.catch(() => {});
  }

  /**
   * Makes a container that waits for {@link start}: the state *created* of the OCI runtime specification.
   * @throws {OptionError} for options that cannot be meant
   * @throws SystemError for what the system refused, with the step, the errno and the remedy; nothing is left behind
   */
  static create(options: ContainerOptions & LifeOptions): Promise<Container> {
    return Container.createFrom(originOf(options));
  }

  /**
   * The same for a container that was thought through elsewhere, as from a config.json.
   * @throws what `prepare` throws; SystemError as {@link create}
   * @example
   * const box = await Container.createFrom({ prepare: () => prepareConfig(config, { bundle: '/srv/box', id: 'box' }) });
   */
  static createFrom(origin: Origin): Promise<Container> {
    return withMountCalls(() => Container.#create(origin));
  }

  static async #create(origin: Origin): Promise<Container> {
    const container = await Container.#begin(origin, 'created');
    try {
      await container.#launch.setUp();
      origin.signal?.throwIfAborted();
      container.#record('created');
      return container;
    } catch (error) {
      await container[Symbol.asyncDispose]();
      origin.signal?.throwIfAborted();
      throw container.#limitHit === 'time' ? tooLate(origin.timeout, error) : error;
    }
  }

  /** Makes and starts a container in one go, which saves a message. */
  static run(options: ContainerOptions & LifeOptions): Promise<Container> {
    return Container.runFrom(originOf(options));
  }

  /**
   * The same for a container that was thought through elsewhere.
   * @throws as {@link createFrom}
   * @example
   * const box = await Container.runFrom({ prepare: () => prepareConfig(config, { bundle: '/srv/box', id: 'box' }) });
   */
  static runFrom(origin: Origin): Promise<Container> {
    return withMountCalls(() => Container.#run(origin));
  }

  static async #run(origin: Origin): Promise<Container> {
    const container = await Container.#begin(origin, 'started');
    try {
      await container.start();
      origin.signal?.throwIfAborted();
      return container;
    } catch (error) {
      await container[Symbol.asyncDispose]();
      origin.signal?.throwIfAborted();
      throw error;
    }
  }

  static async #begin(options: Origin, goal: Goal): Promise<Container> {
    options.signal?.throwIfAborted();
    if (options.timeout !== undefined) parseDuration(options.timeout);
    for (;;) {
      try {
        return await Container.#beginAs(options.prepare(), options, goal);
      } catch (error) {
        if (!wasOutrun(error)) throw error; // others have got the ids; there are more, or prepare() says that there are none
      }
    }
  }

  static async #beginAs(prepared: Prepared, options: Origin, goal: Goal): Promise<Container> {
    const answerer = Answerer.of({ config: prepared.config, notifies: prepared.plan.notifies }, options.onSyscall);
    const { stateRoot } = prepared;
    const uid = process.geteuid?.() ?? 0;
    prepareStateRoot(stateRoot, uid);
    if (prepared.plan.idRegister !== undefined) prepareStateRoot(dirname(prepared.plan.idRegister.path), uid);
    sweepingOf(stateRoot).goOn(removeGroup);
    const kinds: [StdioOption, StdioOption, StdioOption] = prepared.plan.terminal
      ? ['ignore', 'ignore', 'ignore']
      : [options.stdin ?? 'ignore', options.stdout ?? 'pipe', options.stderr ?? 'pipe'];
    const reached = goal === 'started' ? answerer?.reach() : undefined;
    const stdio = openStdio(kinds);
    try {
      const { onSent } = options;
      const launch = await beginOnce(prepared, {
        options,
        stdio,
        goal,
        onSent: onSent && tellOf(prepared, options, onSent),
      });
      return new Container(prepared, { launch, stdio, options, answerer, reached });
    } catch (error) {
      stdio.discard();
      reached?.[Symbol.dispose]();
      throw error;
    } finally {
      stdio.release();
    }
  }

  /**
   * Starts the program.
   * @throws {ProgramError} when the program cannot be started: not found, not executable
   * @throws SystemError when a step before it was refused
   */
  async start(): Promise<void> {
    this.#reached ??= this.#answerer?.reach();
    try {
      const starting = this.#launch.start();
      const listening = this.#listen();
      listening.catch(() => {}); // told below, unless the start fails first
      this.#record('running');
      this.#started = process.hrtime.bigint();
      await starting;
      await listening;
    } finally {
      this.#reached?.[Symbol.dispose]();
      this.#reached = undefined;
    }
  }

  /**
   * Answers the calls that the filter asks about, or has them answered, from when the container has its listener: what is asked
   * about may stand on the way to the program already.
   */
  async #listen(): Promise<void> {
    const reached = this.#reached;
    const fd = reached && (await this.#launch.takeListener());
    if (reached && fd !== undefined) this.#answer(reached, { fd, pid: this.pid });
  }

  /** @param listener of the filter of the process with this pid. A container whose calls nobody will answer is ended */
  #answer(reached: Reached, listener: { fd: number; pid: number }): void {
    const { id, config, stateRoot } = this.#prepared;
    const { annotations } = config;
    const bundle = stateDirectory(stateRoot, id);
    const state = { id, status: 'running', pid: this.pid, bundle, ...(annotations ? { annotations } : {}) } as const;
    try {
      const stop = reached.answer(listener.fd, { pid: listener.pid, state }, (error) => {
        this.#handlerError ??= { error };
        this.#launch.signal(SIGKILL);
      });
      this.#launch.ended.then(stop, stop);
    } catch (error) {
      this.#launch.signal(SIGKILL);
      throw error;
    }
  }

  #record(status: 'created' | 'running'): void {
    const { id, stateRoot } = this.#prepared;
    recordState(stateRoot, {
      id,
      ...stateIdentity(this.pid),
      created: this.#created,
      started: status === 'running' ? Date.now() : undefined,
      ...stateOf(this.#prepared, { ...this.#entry, name: this.name, isolation: this.isolation, status }),
    });
  }

  /** The outer side of its terminal (a descriptor of ours, to be closed by the caller), with the option `terminal`. */
  takeTerminal(): number | undefined {
    return this.#launch.takeTerminal();
  }

  /**
   * Sends a signal to the container's first process.
   * @param signal a name or number; SIGKILL, which ends everything in the container, if absent
   * @returns whether there was somebody to receive it
   * @throws {OptionError} when there is no such signal
   */
  kill(signal: string | number = 'SIGKILL'): boolean {
    const number = signalNumber(signal);
    if (number === undefined)
      throw new OptionError(
        'signal',
        `'${signal}' is no signal`,
        'write a name such as SIGTERM or a number from 1 to 64',
      );
    return this.#launch.signal(number);
  }

  /** Ends the container because of a limit, which the result will name. */
  stopFor(limit: LimitHit): void {
    this.#limitHit ??= limit;
    this.#launch.signal(SIGKILL);
  }

  /**
   * Runs another program in the container.
   * @throws {ProgramError} when it cannot be started; SystemError when the container has ended
   * @example
   * const { stdout } = await box.exec(['ps', 'aux']);
   */
  async exec(command: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    const { config, doors } = this.#prepared;
    const { idMaps, init, landlock } = this.#entry;
    const { pidfd } = this.#launch;
    using reached = this.#answerer?.reach();
    const program = pidfd !== undefined && init && idMaps ? openProgram(this.pid) : undefined;
    try {
      return await execIn(
        {
          pidfd: program ?? pidfd,
          config,
          landlock,
          bounding: thisHost().capabilities(idMaps !== undefined).bounding,
          joinFiles: doors,
          idMaps,
          answer: reached && ((fd, pid) => this.#answer(reached, { fd, pid })),
        },
        command,
        options,
      );
    } finally {
      if (program !== undefined) closeFd(program);
    }
  }

  /** Resolves when the container has ended and nothing of it is left; rejects only when the machinery failed. */
  async wait({ signal }: { signal?: AbortSignal } = {}): Promise<Result> {
    if (!signal) return this.#ended;
    signal.throwIfAborted();
    let onAbort = (): void => {};
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
    });
    try {
      return await Promise.race([this.#ended, aborted]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async #watch(options: LifeOptions): Promise<Result> {
    const patience = new Patience(options);
    const report = await patience.waitFor(this.#launch.ended, () => {
      if (patience.isOver) this.stopFor('time');
      else this.#launch.signal(SIGKILL);
    });
    await this.#prepared.endAll?.();
    if (this.#handlerError) throw this.#handlerError.error;
    return this.#resultOf(report);
  }

  #resultOf({ end, usage, stats }: EndReport): Result {
    const group = this.#prepared.readStats(stats);
    const blockedCalls = this.#answerer?.blockedCalls;
    const oomKilled = (group.memory?.oomKills ?? 0n) > 0n;
    const pidsHit = (group.pids?.limitHits ?? 0n) > 0n;
    const hit = this.#limitHit ?? (oomKilled ? 'memory' : undefined) ?? (pidsHit ? 'pids' : undefined);
    return {
      exitCode: 'exitCode' in end ? end.exitCode : undefined,
      signal: 'signal' in end ? signalName(end.signal) : undefined,
      timedOut: this.#limitHit === 'time',
      oomKilled,
      limitHit: hit,
      duration: Number(process.hrtime.bigint() - this.#started) / 1e6,
      cpuTime: Number(group.cpu?.usageNanoseconds ?? usage.cpuUsec * 1000n) / 1e6,
      peakMemory: Number(group.memory?.peakBytes ?? usage.peakBytes),
      isolation: this.isolation,
      ...(blockedCalls ? { blockedCalls: { ...blockedCalls } } : {}),
    };
  }

  /** Ends the container and waits until nothing of it is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#launch.signal(SIGKILL);
    // A failure is reported to those who wait; here it only matters that it is over.
    await this.#ended.catch(() => {});
  }
}

function originOf(options: ContainerOptions & LifeOptions): Origin {
  const terminalSettings = options.callerTerminal?.settings;
  return { ...options, prepare: () => prepare(options, { terminalSettings }) };
}

function sweepingOf(stateRoot: string): Sweeping {
  const known = sweepings.get(stateRoot) ?? new Sweeping(stateRoot);
  sweepings.set(stateRoot, known);
  return known;
}

/** Begins the launch; a name that only a dead container still holds is freed and the launch tried once more. */
async function beginOnce(
  prepared: Prepared,
  {
    options,
    stdio,
    goal,
    onSent,
  }: { options: Origin; stdio: OpenedStdio; goal: Goal; onSent: LaunchOptions['onSent'] },
): Promise<Launch> {
  const begin = (): Promise<Launch> =>
    Launch.begin(prepared.plan, { stdio: stdio.fds, terminalFd: options.callerTerminal?.fd, goal, onSent });
  try {
    return await begin();
  } catch (error) {
    if (options.name === undefined || !isErrno(error, 'EEXIST')) throw error;
    sweep(prepared.stateRoot, removeGroup);
    const holder = idOfName(prepared.stateRoot, options.name);
    if (holder === undefined) return begin();
    throw new SystemError({
      code: 'EEXIST',
      syscall: 'symlink',
      path: options.name,
      text: 'the name is in use',
      detail: `container ${holder}`,
      hint: 'choose another name, or end that container first',
      cause: error,
    });
  }
}

/** Set-up was cut short, which by itself looks like a want of memory. */
function tooLate(timeout: Origin['timeout'], cause: unknown): SystemError {
  return new SystemError({
    code: 'ETIMEDOUT',
    syscall: 'create',
    text: 'the time of the container was up before it was set up',
    detail: `timeout ${timeout}`,
    hint: 'allow more; the time runs from here on, not from the start of the program',
    cause,
  });
}

/** Tells of a start that is nothing but its messages. */
function tellOf(
  prepared: Prepared,
  options: Origin,
  onSent: NonNullable<LifeOptions['onSent']>,
): LaunchOptions['onSent'] {
  return (messages) => {
    const isolation: Isolation = { ...prepared.isolation, agent: 'memfd' };
    const state = stateOf(prepared, { name: options.name, idMaps: undefined, isolation, status: 'running' });
    const sent = sentStart(prepared, messages, { options, state });
    if (sent) onSent(sent);
  };
}

/** What is known of a container without asking it. */
function stateOf(
  { config, cgroups }: Pick<Prepared, 'config' | 'cgroups'>,
  known: Pick<ContainerState, 'status' | 'isolation'> & Pick<Plan, 'idMaps'> & { name: string | undefined },
): Omit<ContainerState, RunningField> {
  const { name, status, idMaps, isolation } = known;
  return {
    ...(name === undefined ? {} : { name }),
    status,
    command: config.process?.args ?? [],
    root: isolation.root,
    hostname: config.hostname,
    user: config.process?.user,
    idMaps: idMaps && { uids: idMaps.uids, gids: idMaps.gids },
    cgroups,
    mounts: config.mounts ?? [],
    rlimits: config.process?.rlimits ?? [],
    isolation,
  };
}
