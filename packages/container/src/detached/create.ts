import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { checkMounts } from '@coracle/chroot-fs';
import { isErrno, SystemError } from '@coracle/errors';
import { parseMountinfo } from '@coracle/mountinfo';
import { type Config, OCI_VERSION } from '@coracle/oci-spec';
import { closeFd, type Message, messageFor, pidfdSendSignal, SIGKILL } from '@coracle/syscalls';
import { namespacesOf } from '../exec.ts';
import { keepOpen } from '../keep-open.ts';
import type { ConfigWarning } from '../oci/config-error.ts';
import { endGroup } from '../oci/end-group.ts';
import type { Plan } from '../plan.ts';
import type { Prepared } from '../prepare.ts';
import { prepareConfig } from '../prepare-config.ts';
import { receiveDescriptor } from '../receive-descriptor.ts';
import { stepError } from '../step-error.ts';
import { awaitEnd } from './await-end.ts';
import { checkConsoleSocket, sendTerminal } from './console-socket.ts';
import { openDoor } from './door.ts';
import { giveBirth, type Newborn } from './give-birth.ts';
import { runInContainer } from './hook-in-container.ts';
import { runHooks } from './hooks.ts';
import { checkProgram, lookForProgram } from './look-for-program.ts';
import { giveStdio } from './own-stdio.ts';
import { keptOpen } from './plan-birth.ts';
import { preservedDescriptors } from './preserved-descriptors.ts';
import { type ContainerRecord, stateOf } from './record.ts';
import { runPoststop } from './remove.ts';
import { keepTrace } from './start-trace.ts';
import { keepKeyring, outliveMaker, pauseBeforePivot, waitForStart, withoutPivot } from './steps-for-detached.ts';
import { type Held, type Store, writeWhole } from './store.ts';

/** How a container is made. */
export interface CreateOptions {
  id: string;
  /** The bundle's directory. */
  bundle: string;
  config: Config;
  /** Path of a socket that the outer side of the container's terminal is sent to. */
  consoleSocket?: string | undefined;
  /** Where the pid of the container's first process is written, as the last thing. */
  pidFile?: string | undefined;
  /** The root is changed without pivot_root(2): for one on a ramdisk, which cannot be left so. */
  noPivot?: boolean;
  /** The program stays in the session keyring of the caller. */
  noNewKeyring?: boolean;
  /** So many descriptors of this process, from 3 on, are given to the program. */
  preserveFds?: number;
  /** Told of what is done otherwise than the configuration says; nobody if absent. */
  onWarning?: (warning: ConfigWarning) => void;
}

/**
 * Makes a container that waits for its start, and that nobody of ours watches: who waits for its end is the nearest process above
 * that takes orphans in, as the helpers of engines do.
 *
 * When it fails, or is killed, nothing runs any more; what is left then is what `delete --force` removes.
 * @throws SystemError EEXIST when the id is taken, and for each step that is refused; {@link ProgramError} when the program is not
 *   there; {@link HookError}; {@link ConfigError}
 * @returns the pid of its first process
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/runtime.md#lifecycle
 */
export async function create(store: Store, options: CreateOptions): Promise<number> {
  const { id, bundle, config } = options;
  const preserved = preservedDescriptors(options.preserveFds ?? 0, process.env);
  const prepared = await prepareConfig(withVariables(config, preserved.variables), {
    bundle,
    id,
    onWarning: options.onWarning,
  });
  checkConsoleSocket({ terminal: prepared.plan.terminal, consoleSocket: options.consoleSocket });
  using held = await store.claim(id);
  let record = newRecord(options, prepared);
  let newborn: Newborn | undefined;
  const door = openDoor(held.directory);
  try {
    store.write(held, record);
    if (!prepared.plan.terminal) giveStdio(config.process?.user.uid ?? 0, prepared.plan.idMaps?.uids);
    newborn = await giveBirth(prepared.plan, { door, preserved: preserved.fds });
    record = { ...record, process: newborn.identity };
    store.write(held, record);
    const next = await setUp(newborn, { ...options, record, plan: prepared.plan, preserved: preserved.fds.length });
    record = { ...record, stage: 'created' };
    keepTrace(held.directory, next);
    store.write(held, record);
    if (options.pidFile !== undefined) writeWhole(options.pidFile, String(record.process?.pid), 0o644);
    newborn.channel.send(next); // from here on it waits for its start, not for this process
    return newborn.identity.pid;
  } catch (error) {
    await undo({ store, held, record, newborn }, error);
    throw error;
  } finally {
    closeFd(door);
    if (newborn) letGo(newborn);
  }
}

function withVariables(config: Config, variables: readonly string[]): Config {
  const { process } = config;
  if (!process || variables.length === 0) return config;
  return { ...config, process: { ...process, env: [...(process.env ?? []), ...variables] } };
}

function newRecord({ id, bundle, config }: CreateOptions, { cgroups, doors, plan }: Prepared): ContainerRecord {
  return {
    id,
    bundle: resolve(bundle),
    config,
    rootfs: resolve(bundle, config.root?.path ?? 'rootfs'),
    created: new Date().toISOString(),
    owner: process.geteuid?.() ?? 0,
    stage: 'creating',
    cgroups,
    doors,
    idMaps: plan.idMaps,
    notifies: plan.notifies,
  };
}

interface SetUp extends CreateOptions {
  record: ContainerRecord;
  plan: Plan;
  /** How many descriptors the program is given. */
  preserved: number;
}

/** Brings the init to the point where it only waits. Returns the program that it is still to be sent. */
async function setUp(newborn: Newborn, about: SetUp): Promise<Message> {
  const { plan, config, preserved, noNewKeyring = false, noPivot = false } = about;
  const { channel, birth, identity, handover } = newborn;
  const { prestart = [], createRuntime = [], createContainer = [] } = config.hooks ?? {};
  const pauses = prestart.length + createRuntime.length + createContainer.length > 0;
  const kept = keepOpen(outliveMaker(plan.setup), keptOpen({ preserved }));
  const planned = noNewKeyring ? keepKeyring(kept) : kept;
  const paused = pauses ? pauseBeforePivot(planned) : planned;
  const steps = [
    ...(noPivot ? withoutPivot(paused) : paused),
    ...(config.process ? lookForProgram(config.process) : []),
  ];
  const message = messageFor({ steps });
  channel.send(message);
  // Encoded while the init is at work.
  const next = messageFor(waitForStart(outliveMaker(plan.start), { notifies: plan.notifies, preserved }));
  const born = await channel.report(birth);
  if (born?.failure) throw stepError(born.failure);
  if (pauses) {
    const before = await channel.report(message);
    if (!before) throw diedEarly();
    if (before.failure) throw stepError(before.failure);
    await runEarlyHooks(newborn, about);
    channel.sendBytes(Uint8Array.of(1));
  }
  const outcome = await channel.report(message);
  if (!outcome) throw diedEarly();
  if (outcome.failure) throw stepError(outcome.failure);
  if (plan.restrictions)
    checkMounts(parseMountinfo(readFileSync(`/proc/${identity.pid}/mountinfo`, 'utf8')), plan.restrictions);
  checkProgram(plan.program, outcome, message.steps);
  if (about.consoleSocket !== undefined && handover !== undefined)
    sendTerminal(about.consoleSocket, receiveDescriptor(handover));
  return next;
}

/** Those that come between the making of the namespaces and the change of the root. */
async function runEarlyHooks({ pidfd, identity }: Newborn, { record, config }: SetUp): Promise<void> {
  const { prestart = [], createRuntime = [], createContainer = [] } = config.hooks ?? {};
  const state = stateOf({ record, status: 'creating' }, OCI_VERSION);
  await runHooks(prestart, { name: 'prestart', state });
  await runHooks(createRuntime, { name: 'createRuntime', state });
  const namespaces = namespacesOf(config);
  const run = runInContainer({ pid: identity.pid, pidfd, namespaces, rootfs: record.rootfs });
  await runHooks(createContainer, { name: 'createContainer', state, run });
}

function diedEarly(): SystemError {
  return new SystemError({
    code: 'ECANCELED',
    syscall: 'clone3',
    text: 'the first process of the container was killed during set-up',
    hint: 'is its memory limit too low? See also the kernel log',
  });
}

/** Ends what was begun and forgets it. What cannot be undone is left for `delete --force`, and told with the first error. */
async function undo(
  { store, held, record, newborn }: { store: Store; held: Held; record: ContainerRecord; newborn: Newborn | undefined },
  error: unknown,
): Promise<void> {
  try {
    if (newborn) await end(newborn);
    await endGroup(record.cgroups);
    if (newborn) await runPoststop(record);
    store.remove(held);
  } catch (failure) {
    if (error instanceof SystemError) error.suppressed.push(failure);
  }
}

async function end(newborn: Newborn): Promise<void> {
  const { pidfd } = newborn;
  newborn.pidfd = -1;
  try {
    pidfdSendSignal(pidfd, SIGKILL);
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error;
  }
  await awaitEnd(pidfd);
}

function letGo({ channel, pidfd, handover }: Newborn): void {
  channel.close();
  if (pidfd >= 0) closeFd(pidfd);
  if (handover !== undefined) closeFd(handover);
}
