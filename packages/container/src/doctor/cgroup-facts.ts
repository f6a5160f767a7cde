import { posix } from 'node:path';
import { type MountInfo, parseMountinfo } from '@coracle/mountinfo';
import type { CgroupFacts, LimitController } from './host-facts.ts';

/** Where the texts come from; the machine, or a test. */
export interface CgroupSources {
  /** Texts of /proc/self/mountinfo and /proc/self/cgroup. */
  mountinfo: string;
  membership: string;
  /** The text of a file, `undefined` when there is none. */
  read(path: string): string | undefined;
  canWrite(path: string): boolean;
  systemd: boolean;
}

const LIMITS: readonly LimitController[] = ['pids', 'memory', 'cpu'];

/**
 * What the cgroups allow: from the mounts, from the cgroup this process is in, and from who may write there.
 * @see cgroups(7)
 */
export function cgroupFacts(sources: CgroupSources): CgroupFacts {
  const mounts = parseMountinfo(sources.mountinfo);
  const v1 = mounts.filter(({ type }) => type === 'cgroup');
  const v2 = mounts.find(({ type }) => type === 'cgroup2');
  const { systemd } = sources;
  if (v1.some(controllerOf)) {
    const controllers = LIMITS.filter((limit) => v1.some((mount) => mount.superOptions.includes(limit)));
    const usable = controllers.filter((limit) => isUsableV1(limit, { v1, sources }));
    return { version: v2 ? 'hybrid' : 'v1', present: controllers, usable, systemd };
  }
  if (!v2) return { version: 'none', present: [], usable: [], systemd };
  const own = directoryOf(v2, memberships(sources.membership).get('') ?? '/');
  const controllersIn = (directory: string): LimitController[] => {
    const names = (sources.read(`${directory}/cgroup.controllers`) ?? '').trim().split(/\s+/);
    return LIMITS.filter((limit) => names.includes(limit));
  };
  const mayManage = sources.canWrite(own) && sources.canWrite(`${own}/cgroup.procs`);
  return {
    version: 'v2',
    present: controllersIn(v2.mountPoint),
    usable: mayManage ? controllersIn(own) : [],
    systemd,
  };
}

function controllerOf({ superOptions }: MountInfo): boolean {
  return LIMITS.some((limit) => superOptions.includes(limit)) || superOptions.includes('devices');
}

function isUsableV1(
  limit: LimitController,
  { v1, sources }: { v1: readonly MountInfo[]; sources: CgroupSources },
): boolean {
  const mount = v1.find(({ superOptions }) => superOptions.includes(limit));
  const path = memberships(sources.membership).get(limit) ?? '/';
  return mount !== undefined && sources.canWrite(directoryOf(mount, path));
}

/** The path of this process's cgroup by controller; `''` stands for version 2. */
function memberships(text: string): Map<string, string> {
  const paths = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    for (const controller of controllers?.split(',') ?? []) paths.set(controller, path ?? '/');
  }
  return paths;
}

/** A container sees its own part of the hierarchy as the root of the mount. */
function directoryOf({ mountPoint, root }: MountInfo, path: string): string {
  const relative = path === root || path.startsWith(`${root === '/' ? '' : root}/`) ? posix.relative(root, path) : '';
  return posix.join(mountPoint, relative);
}
