import type { DeviceRuleInput, Group, LeftOut, Mode, Resources, WaitOptions } from '@coracle/cgroups-core';
import { type Facts, theseFacts } from '../facts.ts';
import type { Bus } from './bus.ts';
import { controllersOf } from './controllers.ts';
import { deviceProperties } from './device-properties.ts';
import { controlGroup, ifThere, startAnew, stopUnit } from './jobs.ts';
import { planProperties } from './properties.ts';
import type { Property } from './property.ts';
import { unitGroup, versionOf } from './unit-group.ts';
import { checkScopeName } from './unit-place.ts';
import { updateUnit } from './units.ts';

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
  /** What the processes may do with devices. On version 2 that is a program of the caller's, and none of systemd's. */
  devices?: readonly DeviceRuleInput[];
  /** Further ones of the unit, such as {@link parseProperty} reads; the later wins. */
  properties?: readonly Property[];
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
  /** Of its group, from the top of the tree. */
  path: string;
  /** The group as it lies now, to measure, watch and freeze. Its limits and its end are systemd's. */
  group: Pick<Group, 'directories' | 'stats' | 'events' | 'processes' | 'threads' | 'freeze' | 'thaw'>;
  leftOut: readonly LeftOut[];
  /** Changes what it can use, until it ends. @throws SystemError as {@link createScope} */
  update(resources: Resources, options?: { mode?: Mode }): Promise<LeftOut[]>;
  /** Ends its processes: SIGTERM, and SIGKILL for those that take too long. Resolves when it is gone. */
  stop(options?: WaitOptions): Promise<void>;
}

/**
 * Has systemd put processes into a scope of their own. The scope ends with its last process. One of its name that has failed
 * gives way.
 * @param unit its name, which ends in `.scope`
 * @throws SystemError EEXIST when there is such a unit; EACCES; EINVAL for what systemd does not take; EOPNOTSUPP for what it has no
 *   property for; EIO when it could not do it; the reason of `signal`
 * @see org.freedesktop.systemd1(5), systemd.scope(5)
 * @example
 * using bus = await openBus();
 * await using scope = await createScope(bus, 'box.scope', { pids: [4711], resources: { pids: 20 } });
 */
export async function createScope(bus: Bus, unit: string, options: ScopeOptions): Promise<Scope> {
  const {
    pids,
    resources = {},
    mode,
    slice,
    description,
    delegate,
    devices,
    properties: further = [],
    signal,
  } = options;
  checkScopeName(unit);
  const facts = { ...theseFacts(), ...options.facts };
  const version = versionOf(facts);
  const controllers = await controllersOf(bus, facts);
  const { properties, leftOut } = planProperties(resources, mode, { version, controllers });
  const all: Property[] = [
    ['PIDs', ['au', pids]],
    ...(slice === undefined ? [] : [['Slice', ['s', slice]] as const]),
    ...(description === undefined ? [] : [['Description', ['s', description]] as const]),
    ...(delegate === undefined ? [] : [['Delegate', ['b', delegate]] as const]),
    ...properties,
    ...(version === 1 && devices ? deviceProperties(devices) : []),
    ...further,
  ];
  await startAnew(bus, unit, { properties: all, ...(signal ? { signal } : {}) });
  const path = await controlGroup(bus, unit);
  return {
    unit,
    path,
    get group() {
      return unitGroup(path, facts);
    },
    leftOut,
    update: (changed, { mode } = {}) => updateUnit(bus, unit, { resources: changed, mode, facts }),
    stop: (options) => stopUnit(bus, unit, options),
    async [Symbol.asyncDispose]() {
      await ifThere(bus.call({ member: 'KillUnit', signature: 'ssi', body: [unit, 'all', SIGKILL] }));
      await stopUnit(bus, unit);
    },
  };
}

const SIGKILL = 9;
