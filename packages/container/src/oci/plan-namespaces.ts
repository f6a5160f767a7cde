import { type NamespaceType, namespaceFlags, timeOffsets } from '@coracle/namespaces';
import type { Namespace } from '@coracle/oci-spec';
import { close, flags, OPEN, openat, resultOf, type Step, setgroups, setns } from '@coracle/syscalls';
import { cannot } from './config-error.ts';
import type { Normalized } from './normalize.ts';

/** How a container comes into the namespaces that a configuration names by path, or shifts. */
export interface NamespacePlan {
  /** By the monitor: it enters them, and its child is born in them. */
  beforeBirth: Step[];
  /** By the container: its cgroup namespace is entered once it is in its cgroup. */
  afterBirth: Step[];
  /** New ones that come about before the birth. */
  madeBefore: NamespaceType[];
  /** Whether one of them is a user namespace. */
  joinsUser: boolean;
}

type Joined = Namespace & { path: string };

/**
 * Plans the namespaces that are there already. The monitor holds them all open before it enters the first; with a user namespace among
 * them it enters those that belong to that one after it, since only there it has the right, and the others before it.
 * @param isOwnedBy whether the second namespace, a user namespace, owns the first
 * @throws {ConfigError} for a mount namespace by path
 * @see setns(2)
 */
export function planNamespaces(
  { linux }: Normalized,
  isOwnedBy: (namespace: string, owner: string) => boolean,
): NamespacePlan {
  const joined = (linux.namespaces ?? []).filter((one): one is Joined => one.path !== undefined);
  const mount = joined.findIndex(({ type }) => type === 'mount');
  if (mount >= 0)
    throw cannot(
      { path: '$.linux.namespaces', value: joined[mount]?.path },
      'without a path for the mount namespace, as its root would be changed for all who are in it',
    );
  const user = joined.find(({ type }) => type === 'user');
  const others = joined.filter(({ type }) => type !== 'user' && type !== 'cgroup');
  const isInner = ({ path }: Joined): boolean => user !== undefined && isOwnedBy(path, user.path);
  const order = [...others.filter((one) => !isInner(one)), ...(user ? [user] : []), ...others.filter(isInner)];
  const cgroup = joined.find(({ type }) => type === 'cgroup');
  const isNew = linux.namespaces?.some(({ type, path }) => type === 'time' && path === undefined);
  const { monotonic, boottime } = linux.timeOffsets ?? {};
  const shifts = isNew && (monotonic !== undefined || boottime !== undefined);
  return {
    beforeBirth: [
      ...order.map(open),
      ...(shifts
        ? timeOffsets({
            ...(monotonic ? { monotonic: { seconds: monotonic.secs ?? 0, nanoseconds: monotonic.nanosecs ?? 0 } } : {}),
            ...(boottime ? { boottime: { seconds: boottime.secs ?? 0, nanoseconds: boottime.nanosecs ?? 0 } } : {}),
          })
        : []),
      // Inside it may be settled for good which groups a process has.
      ...(user ? [setgroups([], { why: 'belong to no other group', tolerate: ['EPERM'] })] : []),
      ...order.flatMap(enter),
    ],
    afterBirth: cgroup ? [open(cgroup), ...enter(cgroup)].map((step) => ({ ...step, only: 'child' as const })) : [],
    madeBefore: shifts ? ['time'] : [],
    joinsUser: user !== undefined,
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
