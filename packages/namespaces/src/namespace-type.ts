import { CLONE, type Flags, flags } from '@coracle/syscalls';

/**
 * A kind of namespace, as the OCI runtime specification calls it.
 * @see namespaces(7)
 * @example
 * const wanted: NamespaceType[] = ['mount', 'pid', 'uts'];
 */
export type NamespaceType = 'user' | 'mount' | 'pid' | 'uts' | 'ipc' | 'network' | 'cgroup' | 'time';

/** What a kind of namespace is called by the calls (`flag`) and in /proc/PID/ns (`file`). */
const NAMES: Readonly<Record<NamespaceType, { flag: keyof typeof CLONE; file: string }>> = {
  user: { flag: 'CLONE_NEWUSER', file: 'user' },
  mount: { flag: 'CLONE_NEWNS', file: 'mnt' },
  pid: { flag: 'CLONE_NEWPID', file: 'pid' },
  uts: { flag: 'CLONE_NEWUTS', file: 'uts' },
  ipc: { flag: 'CLONE_NEWIPC', file: 'ipc' },
  network: { flag: 'CLONE_NEWNET', file: 'net' },
  cgroup: { flag: 'CLONE_NEWCGROUP', file: 'cgroup' },
  time: { flag: 'CLONE_NEWTIME', file: 'time' },
};

/** All kinds of namespace this package knows. */
export const NAMESPACE_TYPES: readonly NamespaceType[] = [
  'user',
  'mount',
  'pid',
  'uts',
  'ipc',
  'network',
  'cgroup',
  'time',
];

/**
 * The CLONE_NEW* flags of some kinds of namespace, in an order of their own; a kind named twice counts once.
 * @see namespaces(7)
 * @example
 * namespaceFlags(['pid', 'mount']).text; // 'CLONE_NEWNS|CLONE_NEWPID'
 */
export function namespaceFlags(types: readonly NamespaceType[]): Flags {
  return flags(CLONE, ...flagNames(types));
}

/** The names of the flags alone, for a call that adds others to them. */
export function flagNames(types: readonly NamespaceType[]): (keyof typeof CLONE)[] {
  return NAMESPACE_TYPES.filter((type) => types.includes(type)).map((type) => NAMES[type].flag);
}

/**
 * The name of a namespace's file in /proc/PID/ns, which differs from the OCI name for `mount` and `network`.
 * @example
 * namespaceFile('mount'); // 'mnt'
 */
export function namespaceFile(type: NamespaceType): string {
  return NAMES[type].file;
}
