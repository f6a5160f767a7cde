import {
  enterTimeOffsets,
  type NamespaceType,
  namespaceFlags,
  type TimeOffsets,
  timeOffsets,
} from '@coracle/namespaces';
import type { Namespace } from '@coracle/oci-spec';
import { close, flags, OPEN, openat, resultOf, type Step, setns } from '@coracle/syscalls';
import { leaveGroups } from '../ids/joined-user-namespace.ts';
import type { Normalized } from './normalize.ts';

/** How a container comes into the namespaces that a configuration names by path, or shifts. */
export interface NamespacePlan {
  /** By the monitor: it enters them, and its child is born in them. */
  beforeBirth: Step[];
  /** By the container: its cgroup namespace is entered once it is in its cgroup, and its mount namespace; its own clocks are shifted. */
  afterBirth: Step[];
  /** New ones that do not come about by the birth. */
  madeApart: NamespaceType[];
}

/** A mount namespace has a root of its own, below which the monitor would find neither cgroups nor state. */
const LATER: readonly NamespaceType[] = ['cgroup', 'mount'];

type Joined = Namespace & { path: string };

/**
 * Plans the namespaces that are there already. The monitor holds them all open before it enters the first; with a user namespace among
 * them it enters those that belong to that one after it, since only there it has the right, and the others before it.
 * @param isOwnedBy whether the second namespace, a user namespace, owns the first
 * @see setns(2)
 */
export function planNamespaces(
  { linux }: Normalized,
  isOwnedBy: (namespace: string, owner: string) => boolean,
): NamespacePlan {
  const joined = (linux.namespaces ?? []).filter((one): one is Joined => one.path !== undefined);
  const user = joined.find(({ type }) => type === 'user');
  const others = joined.filter(({ type }) => !LATER.includes(type) && type !== 'user');
  const isInner = ({ path }: Joined): boolean => user !== undefined && isOwnedBy(path, user.path);
  const order = [...others.filter((one) => !isInner(one)), ...(user ? [user] : []), ...others.filter(isInner)];
  const later = joined.filter(({ type }) => LATER.includes(type));
  const isNew = (wanted: NamespaceType): boolean =>
    linux.namespaces?.some(({ type, path }) => type === wanted && path === undefined) === true;
  const offsets = isNew('time') ? offsetsOf(linux) : undefined;
  // In a user namespace of its own the container has the right to, and owns its clocks as it does all else.
  const shiftsOwn = isNew('user');
  return {
    beforeBirth: [
      ...order.map(open),
      ...(offsets && !shiftsOwn ? timeOffsets(offsets) : []),
      ...(user ? [leaveGroups()] : []),
      ...order.flatMap(enter),
    ],
    afterBirth: [
      ...(offsets && shiftsOwn ? enterTimeOffsets(offsets) : []),
      ...later.flatMap((one) => [open(one), ...enter(one)]),
    ].map((step) => ({ ...step, only: 'child' as const })),
    madeApart: offsets ? ['time'] : [],
  };
}

/** How far the clocks are shifted; `undefined` where they are not. */
function offsetsOf({ timeOffsets: { monotonic, boottime } = {} }: Normalized['linux']): TimeOffsets | undefined {
  if (monotonic === undefined && boottime === undefined) return undefined;
  return {
    ...(monotonic ? { monotonic: { seconds: monotonic.secs ?? 0, nanoseconds: monotonic.nanosecs ?? 0 } } : {}),
    ...(boottime ? { boottime: { seconds: boottime.secs ?? 0, nanoseconds: boottime.nanosecs ?? 0 } } : {}),
  };
}

function open({ type, path }: Joined): Step {
  return openat(
    { path, flags: flags(OPEN, 'O_RDONLY', 'O_CLOEXEC') },
    { why: `find the ${type} namespace ${path}`, result: `namespace ${type}` },
  );
}

function enter({ type, path }: Joined): Step[] {
  const fd = resultOf(`namespace ${type}`);
  const why = `enter the ${type} namespace ${path}`;
  return [setns({ fd, flags: namespaceFlags([type]) }, why), close(fd, why)];
}
