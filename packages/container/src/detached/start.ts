import { unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno, SystemError } from '@coracle/errors';
import { OCI_VERSION } from '@coracle/oci-spec';
import { Channel, closeFd } from '@coracle/syscalls';
import { hasOwnMounts } from '../plan/own-mounts.ts';
import { startError } from '../program-error.ts';
import { DOOR, knock } from './door.ts';
import { handOver } from './hand-over-listener.ts';
import { runInContainer } from './hook-in-container.ts';
import { runHooks } from './hooks.ts';
import { openProcess } from './kill.ts';
import { pidInside } from './pid-inside.ts';
import { planInsideHook } from './plan-inside-hook.ts';
import { type ContainerRecord, stateOf } from './record.ts';
import { destroy } from './remove.ts';
import { readTrace } from './start-trace.ts';
import { statusOf } from './status.ts';
import type { Held, Store } from './store.ts';

/** How a container is started. */
export interface StartOptions {
  /** Is told of `poststop` hooks that failed, where the container had to be removed. */
  onHookFailure?: (error: Error) => void;
}

/**
 * Starts the program of a container that was created.
 * @throws SystemError EINVAL when it is not in the state *created*; ENOENT when there is no such container; for a step that was
 *   refused; {@link ProgramError} when the program cannot be started; {@link HookError} when a `startContainer` or `poststart`
 *   hook fails: then the container has been ended and removed, as the specification has it
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/runtime.md#start
 * @example
 * await start(new Store('/run/coracle-oci'), 'web');
 */
export async function start(store: Store, id: string, { onHookFailure }: StartOptions = {}): Promise<void> {
  using held = await store.hold(id);
  const record = store.read(id);
  const status = record ? statusOf(store, record) : 'creating';
  if (!record || status !== 'created') throw notCreated(id, status);
  if (!record.config.process) throw withoutProgram(id);
  const { startContainer = [], poststart = [] } = record.config.hooks ?? {};
  const orDestroy = async (hooks: Promise<void>): Promise<void> => {
    try {
      await hooks;
    } catch (error) {
      await destroy({ store, held, record }, onHookFailure);
      throw error;
    }
  };
  if (startContainer.length > 0) await orDestroy(runInside(record));
  await letStart(held, record);
  if (poststart.length > 0) await orDestroy(runAfter(record));
}

async function runAfter(record: ContainerRecord): Promise<void> {
  const state = stateOf({ record, status: 'running' }, OCI_VERSION);
  await runHooks(record.config.hooks?.poststart ?? [], { name: 'poststart', state });
}

/** The hooks that come between the set-up and the program. */
async function runInside(record: ContainerRecord): Promise<void> {
  const { process, config } = record;
  const pidfd = process && openProcess(process);
  if (pidfd === undefined || process === undefined) throw notCreated(record.id, 'stopped');
  try {
    const namespaces = (config.linux?.namespaces ?? []).map(({ type }) => type);
    await runHooks(config.hooks?.startContainer ?? [], {
      name: 'startContainer',
      state: { ...stateOf({ record, status: 'created' }, OCI_VERSION), pid: pidInside(process.pid) },
      run: runInContainer({
        pid: process.pid,
        pidfd,
        namespaces,
        rootOf: hasOwnMounts(config) ? undefined : process.pid,
        confine: (hook) => planInsideHook(hook, record),
      }),
    });
  } finally {
    closeFd(pidfd);
  }
}

/** The end of the connection says that the program runs, a report why it does not. */
async function letStart({ directory }: Held, record: ContainerRecord): Promise<void> {
  const trace = readTrace(directory);
  // Before anything asks.
  const agent = record.notifies ? handOver(record) : undefined;
  const channel = new Channel(connect(directory, record.id));
  const listener = record.notifies ? connect(directory, record.id) : undefined;
  const handed = listener === undefined ? undefined : agent?.(listener);
  try {
    const outcome = await channel.report(trace);
    await handed;
    if (outcome) {
      throw startError(record.config.process?.args?.[0] ?? '', outcome, trace.steps);
    }
    unlinkSync(join(directory, DOOR));
  } finally {
    channel.close();
    if (listener !== undefined) closeFd(listener);
  }
}

function connect(directory: string, id: string): number {
  try {
    return knock(directory);
  } catch (error) {
    if (isErrno(error, 'ECONNREFUSED', 'ENOENT')) throw notCreated(id, 'stopped');
    throw error;
  }
}

function withoutProgram(id: string): SystemError {
  return new SystemError({
    code: 'EINVAL',
    syscall: 'start',
    path: id,
    text: 'the container has no program to run',
    hint: 'its config.json has no process; `exec --process FILE` runs one in it',
  });
}

function notCreated(id: string, status: string): SystemError {
  const running = status === 'running' || status === 'paused';
  return new SystemError({
    code: 'EINVAL',
    syscall: 'start',
    path: id,
    text: running ? 'cannot start an already running container' : `cannot start a container that has ${status}`,
    hint: running ? '`exec` runs a further program in it' : `remove it and create it anew: delete ${id}`,
  });
}
