/** Where a container's root comes from: the `host` root, a directory, or a directory whose changes are thrown away. */
export type RootOption = 'host' | (string & {}) | { path: string; overlay: boolean };

/**
 * How mounts and unmounts below a volume travel: `private`, not at all; `slave`, those of the host come in; `shared`, the
 * container's go out as well. They hold for the whole tree: `rslave` means the same as `slave`. See mount_namespaces(7).
 */
export type Propagation = 'private' | 'rprivate' | 'slave' | 'rslave' | 'shared' | 'rshared';

/**
 * Whose user ids a container has. `'host'`: those of the host, which only root can say. `'auto'`: ids of its own, of which an
 * ordinary user is root; root's own are in none. `'keep-id'`: ids of its own but for the caller's, which stays what it is or
 * becomes what is said here, and which the program runs as if no `user` is named; as root every id stays. See user_namespaces(7).
 */
export type UserNamespaceOption = 'host' | 'auto' | 'keep-id' | { mode: 'keep-id'; uid?: number; gid?: number };

/** A file or directory of the host that the container sees. */
export interface Volume {
  /** On the host. */
  source: string;
  /** In the container, absolute; made where it is missing. A symbolic link leads inside the root. */
  target: string;
  /** Forbid changes, in everything mounted below as well; `false` if absent. */
  readOnly?: boolean;
  /**
   * What happens to what is mounted below the source: `'enabled'`, it comes along and is as read-only as the volume;
   * `'writable'`, it stays writable in a read-only volume; `'readonly'`, nothing may come in later that is not read-only;
   * `'disabled'`, it stays out. `'enabled'` if absent.
   */
  recursive?: 'enabled' | 'disabled' | 'writable' | 'readonly';
  /** `'rprivate'` if absent. Shared needs a container without a user namespace. */
  propagation?: Propagation;
  /** Let device nodes in it work; `false` if absent, unless the container is privileged. */
  dev?: boolean;
  /** Let programs in it be executed; `true` if absent. */
  exec?: boolean;
  /**
   * Files have the container's ids: what belongs to root on disk belongs to its root. For root's containers with a user
   * namespace, on file systems that can; `false` if absent.
   */
  idmap?: boolean;
  /**
   * Give the source and everything in it to the user of the container, before the start and for good; as root. What is
   * mounted below is left. `false` if absent.
   */
  chown?: boolean;
  /**
   * Give the source and everything in it a SELinux label by which the container may use it, before the start and for good: one that
   * all containers may use (`'shared'`), or its own (`'private'`). Where the container has no label this changes nothing. Not for
   * what belongs to the system. Left as it is if absent. See selinux(8).
   */
  relabel?: 'shared' | 'private';
  /** Let set-user-id in it take effect, if the container's programs may gain rights at all; `true` if absent. */
  suid?: boolean;
}

/** A directory in memory, empty at the start and gone at the end. */
export interface Tmpfs {
  /** In the container, absolute. */
  target: string;
  /** As mount(8) writes them: `['size=64m', 'mode=1777']`; `nosuid`, `nodev` and `noexec` if nothing else is said. */
  options?: readonly string[];
}

/** A device node of the host, or a directory with some. */
export interface DeviceOption {
  /** On the host: `/dev/fuse`; of a directory such as `/dev/dri` every node in it and below. */
  path: string;
  /** In the container; as on the host if absent. */
  target?: string;
  /** Of `r`, `w` and `m` (make further nodes of it); all if absent. */
  access?: string;
}

/** What a container may use. `undefined` sets no limit of its own, `'max'` lifts one. */
export interface LimitOptions {
  /** Bytes, or a size such as `'256m'`. */
  memory?: number | bigint | string;
  /** Memory and swap together, as `memory` and no less; twice as much if absent, so that as much again can be swapped out. */
  memoryWithSwap?: number | bigint | string;
  /** Processes and threads. 2048 if absent. */
  pids?: number | 'max';
  /** Processors' worth of time: 0.5 is half of one. */
  cpus?: number | 'max';
}

/**
 * A limit of getrlimit(2), in the unit of the resource; `'max'` is no limit, or for `nofile` the most there can be. A number is
 * both limits: `soft`, which holds, and `hard`, up to which the program may raise it.
 */
export type RlimitOption = number | 'max' | { soft: number | 'max'; hard: number | 'max' };

/** The size of a terminal in characters. */
export interface TerminalSize {
  rows: number;
  columns: number;
}

/** The parts of a SELinux label; one that is absent is that of the policy's label for containers. See selinux(8). */
export interface SelinuxLabelParts {
  user?: string;
  role?: string;
  /** What the policy judges by: `'container_t'`. */
  type?: string;
  /** `'s0:c1,c2'`; of the container's own if absent. */
  level?: string;
  /** The type of the files in memory that the container makes. */
  fileType?: string;
}

/** What a container's programs may do, beyond capabilities. */
export interface SecurityOptions {
  /**
   * The filter of system calls: `'default'`, which decides as Docker's does; `'unconfined'` for none; or a profile as
   * JSON.parse() gives it, in the OCI form or in Docker's. `'log'` blocks what the default blocks, and counts it in the
   * result's `blockedCalls`; each blocked call then takes a tenth of a millisecond.
   */
  seccomp?: 'default' | 'log' | 'unconfined' | object;
  /** Programs cannot gain rights, as by set-user-id. True if absent, unless privileged. */
  noNewPrivileges?: boolean;
  /**
   * `'files'`: a second wall around files, that holds when a mount or a mask should not. What of the host is shown can be read
   * and executed alone, only volumes, directories in memory, /dev and the root's own /home /root /run /tmp /var (and `cwd`)
   * can be written, and nothing else can be opened. Not in a container with CAP_SYS_ADMIN, and not before Linux 5.19; the
   * result's `isolation` tells. For the `host` root or a read-only one. `'default'` if absent: files are left to the mounts.
   */
  landlock?: 'default' | 'files';
  /** `'unconfined'` hides nothing of /proc and /sys and lets root write there. */
  systemPaths?: 'default' | 'unconfined';
  /** Further paths of the container that no program of it can read, absolute: `['/proc/version']`. */
  mask?: readonly string[];
  /** Paths that are hidden or read-only by default and are not to be: `['/proc/acpi', '/proc/s*']`. */
  unmask?: readonly string[];
  /**
   * The AppArmor profile, which must be loaded; or `'unconfined'`, for none but the caller's own. `'coracle-default'` if absent,
   * where that is loaded and the container is not privileged. See apparmor(7).
   */
  apparmor?: string;
  /**
   * The SELinux label: all of it (`'system_u:system_r:container_t:s0:c1,c2'`), its parts, or `'disable'` for none but the
   * caller's own, as if absent. What is mounted in memory gets one of the same level. See selinux(8).
   */
  selinuxLabel?: 'disable' | (string & {}) | SelinuxLabelParts;
}

/** What a container is to be like. Everything has a safe default. */
export interface ContainerOptions {
  /** The program and its arguments; a name without a slash is looked for in PATH. */
  command: readonly string[];
  /** `'host'` if absent: the host's programs, read-only, and nothing else of it. */
  root?: RootOption;
  /** Unique among the living containers of this user. Letters, digits, `_`, `.`, `-`. */
  name?: string;
  /** The first 12 digits of the id if absent; with `network: 'host'` the name of the host, and /etc/hosts is a copy of the host's. */
  hostname?: string;
  /** Beside PATH, HOSTNAME, HOME and TERM. */
  env?: Readonly<Record<string, string>>;
  /** Working directory inside; made if it is not there. `/` if absent. */
  cwd?: string;
  /** `user[:group]`, names or numbers, looked up in the root's own files. Root if absent, or the caller with kept ids. */
  user?: string;
  limits?: LimitOptions;
  /** `'none'`, the default: only a loopback device. `'host'`: the host's own network. */
  network?: 'none' | 'host';
  volumes?: readonly Volume[];
  tmpfs?: readonly Tmpfs[];
  /** Make the root itself read-only. */
  readOnly?: boolean;
  /** Run a small init as process 1 that hands on signals and reaps orphans. */
  init?: boolean;
  /** Whose user ids the container has: `'host'` if absent for root, `'auto'` for an ordinary user. */
  userNamespace?: UserNamespaceOption;
  /** Capabilities beside Docker's 14, or `ALL`: `['NET_ADMIN']`. See capabilities(7). */
  capAdd?: readonly string[];
  /** Capabilities to go without, or `ALL`. */
  capDrop?: readonly string[];
  /** All capabilities the caller has, no filter of system calls, nothing of the kernel hidden: no wall any more. */
  privileged?: boolean;
  security?: SecurityOptions;
  /** Device nodes of the host that the container may use. */
  devices?: readonly DeviceOption[];
  /** What may be done with other nodes, as the kernel writes it: `'c 10:200 rw'`. See the cgroup-v1 documentation, devices. */
  deviceRules?: readonly string[];
  /** Kernel settings that the container has of its own: `{ 'net.ipv4.ip_forward': '1' }`. See sysctl(8). */
  sysctls?: Readonly<Record<string, string>>;
  /** Resource limits by name: `{ nofile: 1024, nproc: { soft: 100, hard: 'max' } }`. See getrlimit(2). */
  rlimits?: Readonly<Record<string, RlimitOption>>;
  /** A terminal of the container's own, of this size. */
  terminal?: TerminalSize;
  /** Where the states of containers are kept; `/run/coracle`, or a directory of the user. */
  stateRoot?: string;
}
