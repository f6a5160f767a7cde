import type { Config, Mount } from '@coracle/oci-spec';

/** The answers of a probe by question, each as lines. */
type Lines = Record<string, string[]>;

/** Devices that every container has, and that are bind mounts in a user namespace. */
export const USUAL_DEVICES: readonly string[] = ['full', 'null', 'random', 'tty', 'urandom', 'zero'].map(
  (name) => `/dev/${name}`,
);

/**
 * Comparable answers without what crun does in its own way, and the specification leaves open:
 * - paths that are read-only are so by a mount with no other attribute; ours keep those of what they show, as with runc
 * - there is a link /dev/core, whether the kernel has a /proc/kcore or not
 * - a tmpfs without a mode can be written by everybody; ours has the mode of the directory below, as with runc
 * - HOME is set for users of /etc/passwd alone; ours is / for others, as with runc
 * - in a user namespace devices of the configuration are nodes of the runtime's own with the mode they ask for; ours are those of the host
 * - mounts of cgroups have other sources and sizes, and directories for links to controllers that are mounted together
 * - the console may always be opened: ours is denied where there is none
 * - every device may be used where no rule of the configuration denies any; ours allows the usual ones, as with runc
 * - in a user namespace bind mounts that are not `ro` lose `nosuid`, `nodev` and `noexec`, which the specification does not leave open:
 *   crun 1.8 sets these only where it makes the mount read-only as well
 * - a group without a path of its own lies at the top of each hierarchy; ours lies in the group of the caller, as with runc
 */
export function withoutCrunsWays(lines: Lines, config: Config): Lines {
  const isInUserNamespace = config.linux?.namespaces?.some(({ type }) => type === 'user') ?? false;
  const denies = config.linux?.resources?.devices?.some(({ allow }) => !allow) ?? false;
  const hasPath = config.linux?.cgroupsPath?.startsWith('/') ?? false;
  const named = (config.linux?.devices ?? []).map(({ path }) => path);
  const nodes = isInUserNamespace ? [...USUAL_DEVICES, ...named] : [];
  const tmpfs = (config.mounts ?? [])
    .filter(({ type, options }) => type === 'tmpfs' && !options?.some((option) => option.startsWith('mode=')))
    .map(({ destination }) => destination);
  const readOnly = config.linux?.readonlyPaths ?? [];
  const handedIn = isInUserNamespace ? (config.mounts ?? []).filter(isWritableBind) : [];
  const attributeless = handedIn.map(({ destination }) => destination);
  const ways: Record<string, (line: string) => string[]> = {
    mounts: (line) => mountLine(line, { nodes, readOnly, attributeless }),
    devices: (line) =>
      line.includes("'/dev/core'") || [...tmpfs, ...nodes].some((path) => line.endsWith(` ${path}`)) ? [] : [line],
    'read-only': (line) => (tmpfs.some((path) => line === `${path} can be written`) ? [] : [line]),
    environment: (line) => (line.startsWith('HOME=') ? [] : [line]),
    cgroup: (line) =>
      /^(net_cls|net_prio|cpuacct|c 5:1 rw)$/.test(line) || (!denies && /^[abc] \S+ [rwm]+$/.test(line)) ? [] : [line],
    'device access': (line) => (denies ? [line] : []),
    '/proc/self/cgroup': (line) => [hasPath ? line : line.replace(/:\/.*\//, ':/')],
  };
  return Object.fromEntries(
    Object.entries(lines).map(([question, all]) => [question, all.flatMap(ways[question] ?? ((line) => [line]))]),
  );
}

function isWritableBind({ type, options = [] }: Mount): boolean {
  return type === 'bind' && !options.includes('ro');
}

/** Places whose mounts are compared in part. */
interface Places {
  nodes: readonly string[];
  readOnly: readonly string[];
  attributeless: readonly string[];
}

function mountLine(line: string, { nodes, readOnly, attributeless }: Places): string[] {
  const [place = '', root = '', type = '', source = '', own = '', ...others] = line.split(' ');
  if (nodes.includes(place)) return [];
  if (/^\/sys\/fs\/cgroup(\/|$)/.test(place)) return [`${place} ${type} ${own}`];
  if (attributeless.includes(place)) {
    const kept = own.split(',').filter((option) => !/^no(suid|dev|exec)$/.test(option));
    return [[place, root, type, source, kept, ...others].join(' ')];
  }
  if (!readOnly.includes(place)) return [line];
  return [[place, root, type, source, own.split(',').filter((option) => option === 'ro'), ...others].join(' ')];
}
