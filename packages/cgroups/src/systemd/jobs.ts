import type { WaitOptions } from '@coracle/cgroups-core';
import { isErrno, SystemError } from '@coracle/errors';
import type { Bus } from './bus.ts';
import type { Property } from './property.ts';
import { within } from './within.ts';

/** Makes a unit that lives as long as it runs, or fails where there is one of its name. */
export async function startUnit(
  bus: Bus,
  unit: string,
  { properties, ...options }: { properties: readonly Property[] } & WaitOptions,
): Promise<void> {
  const body = [unit, 'fail', properties, []];
  await runJob(bus, { member: 'StartTransientUnit', signature: 'ssa(sv)a(sa(sv))', body }, { unit, ...options });
}

/**
 * As {@link startUnit}; but one of its name that has failed, and is kept for somebody to look at, gives way. What fails now is not kept.
 */
export async function startAnew(bus: Bus, unit: string, options: Parameters<typeof startUnit>[2]): Promise<void> {
  try {
    await startUnit(bus, unit, options);
  } catch (error) {
    if (!isErrno(error, 'EEXIST', 'EIO')) throw error;
    await forgetFailure(bus, unit);
    if (!isErrno(error, 'EEXIST')) throw error;
    await startUnit(bus, unit, options);
  }
}

/** Lets go of a unit that has failed; one that has not stays as it is. */
export async function forgetFailure(bus: Bus, unit: string): Promise<void> {
  await ifThere(bus.call({ member: 'ResetFailedUnit', signature: 's', body: [unit] }));
}

/** Ends a unit, if there is one, and waits until it is gone. */
export async function stopUnit(bus: Bus, unit: string, options: WaitOptions = {}): Promise<void> {
  await ifThere(runJob(bus, { member: 'StopUnit', signature: 'ss', body: [unit, 'replace'] }, { unit, ...options }));
}

/** Until it ends; a file of the unit's is not made. */
export async function setProperties(bus: Bus, unit: string, properties: readonly Property[]): Promise<void> {
  await bus.call({ member: 'SetUnitProperties', signature: 'sba(sv)', body: [unit, true, properties] });
}

/** A scope goes by itself with its last process. */
export async function ifThere(done: Promise<unknown>): Promise<void> {
  try {
    await done;
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}

/** Calls what answers with a job, and waits for its end, of which systemd tells by a signal that may come before the answer. */
async function runJob(
  bus: Bus,
  call: { member: string; signature: string; body: readonly unknown[] },
  { unit, signal }: { unit: string } & WaitOptions,
): Promise<void> {
  signal?.throwIfAborted();
  const results = new Map<unknown, unknown>();
  let wake = (): void => {};
  const stopHearing = bus.onSignal(({ member, body: [, job, , result] }) => {
    if (member !== 'JobRemoved') return;
    results.set(job, result);
    wake();
  });
  const endOf = async (job: unknown): Promise<unknown> => {
    while (!results.has(job)) {
      await new Promise<void>((resolve, reject) => {
        wake = resolve;
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
        if (signal?.aborted) reject(signal.reason);
      });
    }
    return results.get(job);
  };
  try {
    const [job] = await bus.call(call);
    const result = await within(bus.timeoutMs, endOf(job), () => notDone(call.member, unit, bus.timeoutMs));
    if (result !== 'done') throw jobFailed(call.member, unit, result);
  } finally {
    stopHearing();
  }
}

/** Where systemd put a unit, from the top of the tree. */
export async function controlGroup(bus: Bus, unit: string): Promise<string> {
  const [path] = await bus.call({ member: 'GetUnit', signature: 's', body: [unit] });
  const kind = unit.endsWith('.slice') ? 'Slice' : 'Scope';
  const group = await property(bus, 'ControlGroup', { path: String(path), of: `org.freedesktop.systemd1.${kind}` });
  if (typeof group === 'string' && group !== '') return group;
  throw new SystemError({
    code: 'ENOENT',
    syscall: 'GetUnit',
    path: unit,
    text: 'the unit has no group any more',
    hint: 'its processes have ended',
  });
}

/**
 * The group that a systemd has all its units in, from the top of the tree: empty for that of the machine.
 * @throws SystemError as calls of {@link openBus}
 * @example
 * using bus = await openBus('unix:path=/run/user/1000/bus');
 * await managerGroup(bus); // '/user.slice/user-1000.slice/user@1000.service'
 */
export async function managerGroup(bus: Bus): Promise<string> {
  const group = await property(bus, 'ControlGroup', { of: 'org.freedesktop.systemd1.Manager' });
  return typeof group === 'string' ? group.replace(/\/$/, '') : '';
}

/** A property of a unit, or of the manager itself if no path is given. */
export async function property(bus: Bus, name: string, { path, of }: { path?: string; of: string }): Promise<unknown> {
  const [variant] = await bus.call({
    ...(path === undefined ? {} : { path }),
    interface: 'org.freedesktop.DBus.Properties',
    member: 'Get',
    signature: 'ss',
    body: [of, name],
  });
  // A variant is its type, and its value in a list.
  return Array.isArray(variant) && Array.isArray(variant[1]) ? variant[1][0] : undefined;
}

function jobFailed(syscall: string, path: string, result: unknown): SystemError {
  const text = `systemd could not do it: ${result}`;
  return new SystemError({ code: 'EIO', syscall, path, text, hint: `see journalctl -u ${path}` });
}

function notDone(syscall: string, path: string, timeoutMs: number): SystemError {
  const text = `systemd has not finished it within ${timeoutMs / 1000} s`;
  return new SystemError({
    code: 'ETIMEDOUT',
    syscall,
    path,
    text,
    hint: `see systemctl list-jobs, and systemctl status ${path}`,
  });
}
