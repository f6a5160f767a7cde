/** The controllers of version 1 with which {@link Limits} are kept, processes counted and killed, and devices ruled over. */
export const CONTROLLERS = ['pids', 'memory', 'cpu', 'cpuacct', 'freezer', 'devices'] as const;
/** Those that only some resources need. */
export const FURTHER_CONTROLLERS = ['cpuset', 'blkio', 'hugetlb', 'rdma', 'misc', 'net_cls', 'net_prio'] as const;
/** One of {@link CONTROLLERS} or {@link FURTHER_CONTROLLERS}. */
export type Controller = (typeof CONTROLLERS)[number] | (typeof FURTHER_CONTROLLERS)[number];

/**
 * Where a group lies: on version 1 in one directory for each controller, since each may have a hierarchy of its own.
 * Controllers mounted together (`cpu,cpuacct`) share a directory.
 * @example
 * const place: Place = { pids: '/sys/fs/cgroup/pids/box' };
 */
export type Place = Readonly<Partial<Record<Controller, string>>>;

/**
 * The directories of a place, each once.
 * @example
 * directoriesOf({ cpu: '/sys/fs/cgroup/cpu,cpuacct/box', cpuacct: '/sys/fs/cgroup/cpu,cpuacct/box' }).length; // 1
 */
export function directoriesOf(place: Place): string[] {
  return [...new Set([...CONTROLLERS, ...FURTHER_CONTROLLERS].flatMap((controller) => place[controller] ?? []))];
}

/** The path of a controller's file, `undefined` where the place lacks the controller. */
export function fileOf(place: Place, controller: Controller, file: string): string | undefined {
  const directory = place[controller];
  return directory === undefined ? undefined : `${directory}/${file}`;
}
