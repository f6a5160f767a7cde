import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { checkMounts } from '@coracle/chroot-fs';
import { SystemError } from '@coracle/errors';
import { parseMountinfo } from '@coracle/mountinfo';
import { type Config, type ConfigError, OCI_VERSION, type Process } from '@coracle/oci-spec';
import type { Remark } from '@coracle/oci-spec/checks';
import { closeFd, messageFor } from '@coracle/syscalls';
import { namespacesOf } from '../exec.ts';
import { thisHost } from '../host.ts';
import { userOf } from '../ids/user-of.ts';
import { nullStdio, ownNullStdio } from '../null-stdio.ts';
import { type ConfigWarning, isConfigError } from '../oci/config-error.ts';
import { prepareConfig } from '../oci/prepare-config.ts';
import { keepOpen } from '../plan/keep-open.ts';
import type { Plan } from '../plan/plan.ts';
import type { Prepared } from '../prepare.ts';
import { receiveDescriptor } from '../receive-descriptor.ts';
import { stepError } from '../step-error.ts';
import { asGoReads } from './as-go-reads.ts';
import { checkConsoleSocket, sendTerminal } from './console-socket.ts';
import { openDoor } from './door.ts';
import { giveBirth, type InitMessages, type Newborn } from './give-birth.ts';
import { type GivenNetDevices, giveNetDevices } from './give-net-devices.ts';
import { runInContainer } from './hook-in-container.ts';
import { runHere, runHooks } from './hooks.ts';
import { isoTime } from './iso-time.ts';
import { checkProgram, lookForProgram } from './look-for-program.ts';
import { opensToOwner, openToOwner } from './open-to-owner.ts';
import { giveStdio } from './own-stdio.ts';
import { pidInside } from './pid-inside.ts';
import { keptOpen } from './plan-birth.ts';
import { preservedDescriptors } from './preserved-descriptors.ts';
import { type ContainerRecord, stateOf } from './record.ts';
import { sendDescriptor } from './send-descriptor.ts';
import { keepTrace } from './start-trace.ts';
import { keepKeyring, outliveMaker, pauseBeforePivot, waitForStart } from './steps-for-detached.ts';
import { type Held, type Store, writeWhole } from './store.ts';
import { type PlannedUnit, planUnit } from './systemd/plan-unit.ts';
import type { SystemdManager } from './systemd/unit.ts';
import { undoCreation } from './undo-creation.ts';
import { wholeKernelMounts, withoutPivot } from './without-pivot.ts';

/** How a container is made. */
export interface CreateOptions {
  id: string;
  /** The bundle's directory. */
  bundle: string;
  config: Config;
  /** Path of a socket that the outer side of the container's terminal is sent to. */
  consoleSocket?: string | undefined;
  /** Path of a socket that a descriptor of the container's first process is sent to, before its hooks run: see pidfd_open(2). */
  pidfdSocket?: string | undefined;
  /** Where the pid of the container's first process is written, as the last thing. */
  pidFile?: string | undefined;
  /** The root is changed without pivot_root(2): for one on a ramdisk, which cannot be left so. */
  noPivot?: boolean;
  /** The program stays in the session keyring of the caller. */
  noNewKeyring?: boolean;
  /** So many descriptors of this process, from 3 on, are given to the program. */
  preserveFds?: number;
  /** Who makes its cgroup, which is a unit then; this process if absent. */
  systemd?: SystemdManager | undefined;
  /** Told of what is done otherwise than the configuration says; nobody if absent. */
  onWarning?: (warning: ConfigWarning) => void;
}

/**
 * Makes a container that waits for its start, and that nobody of ours watches: who waits for its end is the nearest process above
 * that takes orphans in, as the helpers of engines do.
 *
 * When it fails, or is killed, nothing runs any more; what is left then is what `delete --force` removes.
 * @throws SystemError EEXIST when the id is taken, and for each step that is refused; {@link ProgramError} when the program is not
 *   there; {@link HookError}; {@link ConfigError}; what systemd answers, where that makes the cgroup
 * @returns the pid of its first process
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/runtime.md#lifecycle
 * @example
 * const pid = await create(new Store('/run/coracle-oci'), { id: 'web', bundle: '/srv/web', config });
 */
export async function create(store: Store, options: CreateOptions): Promise<number> {
  // First of all: that an id is taken is to be told before anything that follows from it.
  using held = await store.claim(options.id);
  let planned: Planned & { config: Config };
  try {
    planned = await planAsRead(options, held.directory);
  } catch (error) {
    store.remove(held);
    throw error;
  }
  // Awaited here: the lock is held until all is made.
  return await make({ store, held }, planned, { ...options, config: planned.config });
}

/** Once more for one that is spelt otherwise than the specification has it, since parts of it may have been passed over. */
async function planAsRead(options: CreateOptions, directory: string): Promise<Planned & { config: Config }> {
  const { config, onWarning = () => {} } = options;
  const remarks: Remark[] = [];
  let planned: Planned | undefined;
  let failure: ConfigError | undefined;
  try {
    planned = await planFor({ ...options, onWarning: (remark) => void remarks.push(remark) }, directory);
  } catch (error) {
    if (!isConfigError(error)) throw error;
    failure = error;
  }
  const read = asGoReads(config, failure ?? { remarks });
  if (read) {
    for (const warning of read.warnings) onWarning(warning);
    return planAsRead({ ...options, config: read.config }, directory);
  }
  if (!planned) throw failure;
  for (const remark of remarks) onWarning(remark);
  return { ...planned, config };
}

/** What is to be made, and the descriptors that the program is given. */
interface Planned {
  prepared: Prepared;
  /** What systemd is to make of it. */
  unit: PlannedUnit | undefined;
  preserved: readonly number[];
}

/** Nothing is made yet. */
async function planFor(
  { id, bundle, config, consoleSocket, preserveFds = 0, systemd, onWarning }: CreateOptions,
  directory: string,
): Promise<Planned> {
  const { fds, variables } = preservedDescriptors(preserveFds, process.env);
  const unit = systemd && (await planUnit(config, { id, manager: systemd, directory }));
  const prepared = await prepareConfig(withVariables({ process: NOTHING, ...config }, variables), {
    bundle,
    id,
    givesNetDevices: true,
    unitPath: unit?.path,
    onWarning,
  });
  checkConsoleSocket({ terminal: prepared.plan.terminal, consoleSocket });
  return { prepared, unit, preserved: fds };
}

async function make(
  { store, held }: { store: Store; held: Held },
  { prepared, unit, preserved }: Planned,
  options: CreateOptions,
): Promise<number> {
  const { config } = options;
  let record = newRecord(options, { prepared, unit });
  let newborn: Newborn | undefined;
  let netDevices: GivenNetDevices | undefined;
  const door = openDoor(held.directory);
  try {
    store.write(held, record);
    if (!prepared.plan.terminal) giveStdio(userOf(config.process ?? {}).uid, prepared.plan.idMaps?.uids);
    newborn = await giveBirth(prepared.plan, {
      door,
      preserved,
      unit,
      messages: () => messagesFor(prepared.plan, { ...options, preserved: preserved.length }),
    });
    record = { ...record, process: newborn.identity };
    store.write(held, record);
    if (options.pidfdSocket !== undefined)
      sendDescriptor(options.pidfdSocket, { fd: newborn.pidfd, words: 'standard' }); // runc's word for it
    netDevices = await netDevicesFor(config, newborn);
    await setUp(newborn, { ...options, record, plan: prepared.plan, directory: held.directory });
    record = { ...record, stage: 'created' };
    store.write(held, record);
    if (options.pidFile !== undefined) writeWhole(options.pidFile, String(record.process?.pid), 0o644);
    newborn.channel.send(newborn.messages.start); // from here on it waits for its start, not for this process
    return newborn.identity.pid;
  } catch (error) {
    await undoCreation({ store, held, record, newborn, netDevices }, error);
    throw error;
  } finally {
    closeFd(door);
    netDevices?.[Symbol.dispose]();
    if (newborn) letGo(newborn);
  }
}

/** In place of a program that is to come later, or never: it can be created and entered, and not started. */
const NOTHING: Process = { args: ['nothing'], cwd: '/', user: { uid: 0, gid: 0 } };

function withVariables(config: Config, variables: readonly string[]): Config {
  const { process } = config;
  if (!process || variables.length === 0) return config;
  return { ...config, process: { ...process, env: [...(process.env ?? []), ...variables] } };
}

function newRecord(
  { id, bundle, config }: CreateOptions,
  { prepared, unit }: Pick<Planned, 'prepared' | 'unit'>,
): ContainerRecord {
  const { cgroups, doors, directories, plan } = prepared;
  return {
    id,
    bundle: resolve(bundle),
    config,
    rootfs: resolve(bundle, config.root?.path ?? 'rootfs'),
    created: isoTime(Date.now()),
    owner: process.geteuid?.() ?? 0,
    stage: 'creating',
    cgroups,
    ...(unit ? { unit: { name: unit.unit, description: unit.description, ...unit.manager } } : {}),
    directories,
    doors,
    idMaps: plan.idMaps,
    notifies: plan.notifies,
  };
}

interface MessageOptions extends CreateOptions {
  /** How many descriptors the program is given. */
  preserved: number;
}

function messagesFor(plan: Plan, options: MessageOptions): InitMessages {
  const { config, preserved, noNewKeyring = false, noPivot = false } = options;
  const pauses = hasEarlyHooks(config);
  const kept = keepOpen(outliveMaker(plan.setup), keptOpen({ preserved }));
  const planned = noNewKeyring ? keepKeyring(kept) : kept;
  const opens = opensToOwner(config, thisHost().capabilities(false).available);
  const paused = pauses ? pauseBeforePivot(planned, { opens }) : planned;
  const steps = [
    ...(noPivot ? withoutPivot(paused, { isPlaced: pauses, kernelMounts: wholeKernelMounts() }) : paused),
    ...(plan.terminal ? [] : ownNullStdio(nullStdio())),
    ...(config.process ? lookForProgram(config.process) : []),
    ...(opens ? [openToOwner()] : []),
  ];
  const start = waitForStart(outliveMaker(plan.start), { notifies: plan.notifies, preserved, opens });
  return { setup: messageFor({ steps }), start: messageFor(start) };
}

interface SetUp extends CreateOptions {
  record: ContainerRecord;
  plan: Plan;
  /** Where what is kept of it lies. */
  directory: string;
}

/** Brings the init to the point where it only waits. */
async function setUp(newborn: Newborn, about: SetUp): Promise<void> {
  const { plan, config } = about;
  const { channel, birth, identity, handover } = newborn;
  const message = newborn.messages.setup;
  channel.send(message);
  keepTrace(about.directory, newborn.messages.start); // while the init works
  const born = await channel.report(birth);
  if (born?.failure) throw stepError(born.failure);
  if (hasEarlyHooks(config)) {
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
}

/** Whether something is run between the making of the namespaces and the change of the root. */
function hasEarlyHooks({ hooks }: Config): boolean {
  const { prestart = [], createRuntime = [], createContainer = [] } = hooks ?? {};
  return prestart.length + createRuntime.length + createContainer.length > 0;
}

async function netDevicesFor({ linux }: Config, newborn: Newborn): Promise<GivenNetDevices | undefined> {
  const { netDevices = {} } = linux ?? {};
  if (Object.keys(netDevices).length === 0) return undefined;
  return giveNetDevices(netDevices, { pid: newborn.identity.pid, pidfd: newborn.pidfd });
}

/** Those that come between the making of the namespaces and the change of the root. */
async function runEarlyHooks({ pidfd, identity }: Newborn, { record, config }: SetUp): Promise<void> {
  const { prestart = [], createRuntime = [], createContainer = [] } = config.hooks ?? {};
  const state = stateOf({ record, status: 'creating' }, OCI_VERSION);
  const here = runHere({ cwd: record.bundle });
  await runHooks(prestart, { name: 'prestart', state, run: here });
  await runHooks(createRuntime, { name: 'createRuntime', state, run: here });
  if (createContainer.length === 0) return;
  const namespaces = namespacesOf(config);
  const run = runInContainer({ pid: identity.pid, pidfd, namespaces, isBeforePivot: true });
  await runHooks(createContainer, {
    name: 'createContainer',
    state: { ...state, pid: pidInside(identity.pid) },
    run,
  });
}

function diedEarly(): SystemError {
  return new SystemError({
    code: 'ECANCELED',
    syscall: 'clone3',
    text: 'the first process of the container was killed during set-up',
    hint: 'is its memory limit too low? See also the kernel log',
  });
}

function letGo({ channel, pidfd, handover, agent }: Newborn): void {
  channel.close();
  agent.close();
  if (pidfd >= 0) closeFd(pidfd);
  if (handover !== undefined) closeFd(handover);
}
