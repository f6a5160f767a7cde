import type { Group, LeftOut, Mode, Resources, WaitOptions } from '@coracle/cgroups-core';
import { CgroupV2 } from '@coracle/cgroups-v2';
import { isErrno, SystemError } from '@coracle/errors';
import { parseMountinfo } from '@coracle/mountinfo';
import { type Facts, theseFacts } from '../facts.ts';
import type { Bus } from './bus.ts';
import { type Property, planProperties } from './properties.ts';

/** How to make a scope. */
export interface ScopeOptions extends WaitOptions {
  /** The processes that go into it: at least one, which must live. */
  pids: readonly [number, ...number[]];
  resources?: Resources;
  /** `'best-effort'` leaves out what systemd has no property for; otherwise that is an error. */
  mode?: Mode;
  /** The unit it is part of; `'system.slice'`, or a user's `'app.slice'`, if absent. */
  slice?: string;
  /** What `systemctl status` says of it. */
  description?: string;
  /** Whether groups below it are left to the caller, with all controllers. */
  delegate?: boolean;
  /** Where cgroups are mounted, as for {@link detect}. */
  facts?: Pick<Facts, 'mountinfo'>;
}

/**
 * A scope of systemd's: a group whose limits systemd keeps, so that the two do not change it behind each other's back.
 * @example
 * async function limited(bus: Bus, pid: number): Promise<void> {
 *   await using scope = await createScope(bus, 'box.scope', { pids: [pid], resources: { memory: '256m' } });
 *   await scope.update({ memory: '1g' });
 * }
 */
export interface Scope extends AsyncDisposable {
  unit: string;
  /** The group, to measure, watch and freeze. Its limits and its end are systemd's. */
  group: Pick<Group, 'directories' | 'stats' | 'events' | 'processes' | 'threads' | 'freeze' | 'thaw'>;
  leftOut: readonly LeftOut[];
  /** Changes what it can use, until it ends. @throws SystemError as {@link createScope} */
  update(resources: Resources, options?: { mode?: Mode }): Promise<LeftOut[]>;
  /** Ends its processes: SIGTERM, and SIGKILL for those that take too long. Resolves when it is gone. */
  stop(options?: WaitOptions): Promise<void>;
}

/**
 * Has systemd put processes into a scope of their own. The scope ends with its last process.
 * @param unit its name, which ends in `.scope`
 * @throws SystemError EEXIST when there is such a unit; EACCES; EINVAL for what systemd does not take; EOPNOTSUPP for what it has no
 *   property for, and where it does not use version 2 of cgroups; EIO when it could not do it; the reason of `signal`
 * @see org.freedesktop.systemd1(5), systemd.scope(5)
 * @example
 * using bus = await openBus();
 * await using scope = await createScope(bus, 'box.scope', { pids: [4711], resources: { pids: 20 } });
 */
export async function createScope(bus: Bus, unit: string, options: ScopeOptions): Promise<Scope> {
  const { pids, resources = {}, mode, slice, description, delegate, signal, facts = theseFacts() } = options;
  const mountPoint = parseMountinfo(facts.mountinfo).find(({ type }) => type === 'cgroup2')?.mountPoint;
  if (mountPoint === undefined) throw noVersion2(unit);
  const { properties, leftOut } = planProperties(resources, mode);
  const all: Property[] = [
    ['PIDs', ['au', pids]],
    ...(slice === undefined ? [] : [['Slice', ['s', slice]] as const]),
    ...(description === undefined ? [] : [['Description', ['s', description]] as const]),
    ...(delegate === undefined ? [] : [['Delegate', ['b', delegate]] as const]),
    ...properties,
  ];
  const wait = signal ? { signal } : {};
  const start = { member: 'StartTransientUnit', signature: 'ssa(sv)a(sa(sv))', body: [unit, 'fail', all, []] };
  await runJob(bus, start, { unit, ...wait });
  const directory = `${mountPoint}${await controlGroup(bus, unit)}`;
  return {
    unit,
    group: CgroupV2.open(directory),
    leftOut,
    async update(changed, { mode } = {}) {
      const { properties, leftOut } = planProperties(changed, mode);
      await bus.call({ member: 'SetUnitProperties', signature: 'sba(sv)', body: [unit, true, properties] });
      return leftOut;
    },
    stop: (options) => stop(bus, unit, options),
    async [Symbol.asyncDispose]() {
      await ifThere(bus.call({ member: 'KillUnit', signature: 'ssi', body: [unit, 'all', SIGKILL] }));
      await stop(bus, unit);
    },
  };
}

const SIGKILL = 9;

async function stop(bus: Bus, unit: string, options: WaitOptions = {}): Promise<void> {
  await ifThere(runJob(bus, { member: 'StopUnit', signature: 'ss', body: [unit, 'replace'] }, { unit, ...options }));
}

/** A scope goes by itself with its last process. */
async function ifThere(done: Promise<unknown>): Promise<void> {
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

/** Where systemd put it, from the top of the tree. */
async function controlGroup(bus: Bus, unit: string): Promise<string> {
  const [path] = await bus.call({ member: 'GetUnit', signature: 's', body: [unit] });
  const [variant] = await bus.call({
    path: String(path),
    interface: 'org.freedesktop.DBus.Properties',
    member: 'Get',
    signature: 'ss',
    body: ['org.freedesktop.systemd1.Scope', 'ControlGroup'],
  });
  // A variant is its type, and its value in a list.
  const group = Array.isArray(variant) && Array.isArray(variant[1]) ? variant[1][0] : undefined;
  if (typeof group === 'string' && group !== '') return group;
  throw new SystemError({
    code: 'ENOENT',
    syscall: 'GetUnit',
    path: unit,
    text: 'the scope has no group any more',
    hint: 'its processes have ended',
  });
}

function jobFailed(syscall: string, path: string, result: unknown): SystemError {
  const text = `systemd could not do it: ${result}`;
  return new SystemError({ code: 'EIO', syscall, path, text, hint: `see journalctl -u ${path}` });
}

function noVersion2(path: string): SystemError {
  return new SystemError({
    code: 'EOPNOTSUPP',
    syscall: 'StartTransientUnit',
    path,
    text: 'this machine has no cgroups of version 2',
    hint: 'make the group with create(), which uses the files of version 1',
  });
}
