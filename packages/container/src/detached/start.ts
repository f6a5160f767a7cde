import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno, SystemError } from '@coracle/errors';
import { OCI_VERSION } from '@coracle/oci-spec';
import { Channel, closeFd, SIGKILL } from '@coracle/syscalls';
import { DOOR, knock } from './door.ts';
import { HookError } from './hook-error.ts';
import { openProcess, signalProcess } from './kill.ts';
import { type ContainerRecord, stateOf } from './record.ts';
import { readTrace } from './start-trace.ts';
import { statusOf } from './status.ts';
import type { Held, Store } from './store.ts';

/** How a container is started. */
export interface StartOptions {
  /** Is told of a `poststart` hook that failed: the program runs on. */
  onHookFailure?: (error: Error) => void;
}

/**
 * Starts the program of a container that was created.
 * @throws SystemError EINVAL when it is not in the state *created*; ENOENT when there is no such container; for a step that was
 *   refused; {@link ProgramError} when the program cannot be started; {@link HookError} when a `startContainer` hook fails, and
 *   then the container has ended
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/runtime.md#start
 * @example
 * await start(new Store('/run/coracle-oci'), 'web');
 */
export async function start(store: Store, id: string, { onHookFailure }: StartOptions = {}): Promise<void> {
  using held = await store.hold(id);
  const record = store.read(id);
  const status = record ? statusOf(store, record) : 'creating';
  if (!record || status !== 'created') throw notCreated(id, status);
  const { startContainer = [], poststart = [] } = record.config.hooks ?? {};
  if (startContainer.length > 0) await runInside(record);
  await letStart(held, record);
  if (poststart.length === 0) return;
  const { runHooks } = await import('./hooks.ts');
  try {
    await runHooks(poststart, { name: 'poststart', state: stateOf({ record, status: 'running' }, OCI_VERSION) });
  } catch (error) {
    if (!(error instanceof HookError)) throw error;
    onHookFailure?.(error);
  }
}

/** The hooks that come between the set-up and the program. When one fails the container ends. */
async function runInside(record: ContainerRecord): Promise<void> {
  const { process, config } = record;
  const pidfd = process && openProcess(process);
  if (pidfd === undefined || process === undefined) throw notCreated(record.id, 'stopped');
  try {
    const { runHooks } = await import('./hooks.ts');
    const { runInContainer } = await import('./hook-in-container.ts');
    const namespaces = (config.linux?.namespaces ?? []).map(({ type }) => type);
    await runHooks(config.hooks?.startContainer ?? [], {
      name: 'startContainer',
      state: stateOf({ record, status: 'created' }, OCI_VERSION),
      run: runInContainer({ pid: process.pid, pidfd, namespaces }),
    });
  } catch (error) {
    signalProcess(pidfd, SIGKILL);
    throw error;
  } finally {
    closeFd(pidfd);
  }
}

/** The end of the connection says that the program runs, a report why it does not. */
async function letStart({ directory }: Held, record: ContainerRecord): Promise<void> {
  const trace = readTrace(directory);
  const agent = record.notifies ? await agentOf(record) : undefined;
  const channel = new Channel(connect(directory, record.id));
  const listener = record.notifies ? connect(directory, record.id) : undefined;
  const handed = listener === undefined ? undefined : agent?.(listener);
  try {
    const outcome = await channel.report(trace);
    await handed;
    if (outcome) {
      const { startError } = await import('../program-error.ts');
      throw startError(record.config.process?.args?.[0] ?? '', outcome, trace.steps);
    }
    rmSync(join(directory, DOOR), { force: true });
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

/** Connects to who answers the calls that the filter asks about, before anything asks. */
async function agentOf(record: ContainerRecord): Promise<(listener: number) => Promise<void>> {
  const { handOver } = await import('./hand-over-listener.ts');
  return handOver(record);
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
