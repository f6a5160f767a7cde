import type { WaitOptions } from '@coracle/cgroups-core';
import { isErrno, SystemError } from '@coracle/errors';
import type { Bus } from './bus.ts';
import type { Property } from './properties.ts';

/** Makes a unit that lives as long as it runs, or fails where there is one of its name. */
export async function startUnit(
  bus: Bus,
  unit: string,
  { properties, ...options }: { properties: readonly Property[] } & WaitOptions,
): Promise<void> {
  const body = [unit, 'fail', properties, []];
  await runJob(bus, { member: 'StartTransientUnit', signature: 'ssa(sv)a(sa(sv))', body }, { unit, ...options });
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
  try {
    const [job] = await bus.call(call);
    while (!results.has(job)) {
      await new Promise<void>((resolve, reject) => {
        wake = resolve;
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
        if (signal?.aborted) reject(signal.reason);
      });
    }
    if (results.get(job) !== 'done') throw jobFailed(call.member, unit, results.get(job));
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
