/** Namespaces and other flags of clone3(2), unshare(2), setns(2). CLONE_NEWTIME and the flags above 2^32 are clone3's and unshare's own. */
export const CLONE = {
  CLONE_NEWTIME: 0x80,
  CLONE_VM: 0x100,
  CLONE_PIDFD: 0x1000,
  CLONE_PARENT: 0x8000,
  CLONE_NEWNS: 0x20000,
  CLONE_NEWCGROUP: 0x2000000,
  CLONE_NEWUTS: 0x4000000,
  CLONE_NEWIPC: 0x8000000,
  CLONE_NEWUSER: 0x10000000,
  CLONE_NEWPID: 0x20000000,
  CLONE_NEWNET: 0x40000000,
  CLONE_INTO_CGROUP: 0x200000000n,
} as const;

/** Flags of mount(2). */
export const MS = {
  MS_RDONLY: 0x1,
  MS_NOSUID: 0x2,
  MS_NODEV: 0x4,
  MS_NOEXEC: 0x8,
  MS_SYNCHRONOUS: 0x10,
  MS_REMOUNT: 0x20,
  MS_NOSYMFOLLOW: 0x100,
  MS_NOATIME: 0x400,
  MS_NODIRATIME: 0x800,
  MS_BIND: 0x1000,
  MS_MOVE: 0x2000,
  MS_REC: 0x4000,
  MS_UNBINDABLE: 0x20000,
  MS_PRIVATE: 0x40000,
  MS_SLAVE: 0x80000,
  MS_SHARED: 0x100000,
  MS_RELATIME: 0x200000,
  MS_STRICTATIME: 0x1000000,
} as const;

/** Flags of umount2(2). */
export const MNT = { MNT_FORCE: 1, MNT_DETACH: 2, MNT_EXPIRE: 4, UMOUNT_NOFOLLOW: 8 } as const;

/** Attributes of a mount, for fsmount(2) and mount_setattr(2). */
export const MOUNT_ATTR = {
  MOUNT_ATTR_RDONLY: 0x1,
  MOUNT_ATTR_NOSUID: 0x2,
  MOUNT_ATTR_NODEV: 0x4,
  MOUNT_ATTR_NOEXEC: 0x8,
  MOUNT_ATTR__ATIME: 0x70,
  MOUNT_ATTR_NOATIME: 0x10,
  MOUNT_ATTR_STRICTATIME: 0x20,
  MOUNT_ATTR_NODIRATIME: 0x80,
  MOUNT_ATTR_IDMAP: 0x100000,
  MOUNT_ATTR_NOSYMFOLLOW: 0x200000,
} as const;

/** Flags of fsopen(2) and fsmount(2). */
export const FS = { FSOPEN_CLOEXEC: 1, FSMOUNT_CLOEXEC: 1 } as const;

/** Commands of fsconfig(2). */
export const FSCONFIG = {
  FSCONFIG_SET_FLAG: 0,
  FSCONFIG_SET_STRING: 1,
  FSCONFIG_SET_FD: 5,
  FSCONFIG_CMD_CREATE: 6,
} as const;

/** Flags of open_tree(2); it takes those of {@link AT} as well. */
export const OPEN_TREE = {
  OPEN_TREE_CLONE: 1,
  OPEN_TREE_CLOEXEC: 0x80000,
  AT_EMPTY_PATH: 0x1000,
  AT_RECURSIVE: 0x8000,
  AT_SYMLINK_NOFOLLOW: 0x100,
} as const;

/** Operations of futex(2). */
export const FUTEX = { FUTEX_CMP_REQUEUE: 4, FUTEX_PRIVATE_FLAG: 128 } as const;

/** Flags of move_mount(2). */
export const MOVE_MOUNT = { MOVE_MOUNT_F_EMPTY_PATH: 0x4, MOVE_MOUNT_T_EMPTY_PATH: 0x40 } as const;

/** The directory descriptor that stands for the working directory, and flags of the `*at` calls. */
export const AT = {
  AT_SYMLINK_NOFOLLOW: 0x100,
  AT_REMOVEDIR: 0x200,
  AT_EMPTY_PATH: 0x1000,
  AT_RECURSIVE: 0x8000,
} as const;

/** Stands for the working directory where a call takes a directory descriptor. */
export const AT_FDCWD = -100;

const IS_ARM64 = process.arch === 'arm64';

/** Flags of open(2) on this machine's architecture; two of them differ on arm64. */
export const OPEN = {
  O_RDONLY: 0,
  O_WRONLY: 0x1,
  O_RDWR: 0x2,
  O_CREAT: 0x40,
  O_EXCL: 0x80,
  O_NOCTTY: 0x100,
  O_TRUNC: 0x200,
  O_APPEND: 0x400,
  O_NONBLOCK: 0x800,
  O_DIRECTORY: (IS_ARM64 ? 0x4000 : 0x10000) as number,
  O_NOFOLLOW: (IS_ARM64 ? 0x8000 : 0x20000) as number,
  O_CLOEXEC: 0x80000,
  O_PATH: 0x200000,
} as const;

/** How openat2(2) may resolve a path. */
export const RESOLVE = {
  RESOLVE_NO_XDEV: 0x1,
  RESOLVE_NO_MAGICLINKS: 0x2,
  RESOLVE_NO_SYMLINKS: 0x4,
  RESOLVE_BENEATH: 0x8,
  RESOLVE_IN_ROOT: 0x10,
} as const;

/** Types of a file in st_mode and in mknod(2). */
export const S = { S_IFIFO: 0o10000, S_IFCHR: 0o20000, S_IFDIR: 0o40000, S_IFBLK: 0o60000, S_IFREG: 0o100000 } as const;

/** Operations of prctl(2). */
export const PR = {
  PR_SET_PDEATHSIG: 1,
  PR_SET_DUMPABLE: 4,
  PR_SET_KEEPCAPS: 8,
  PR_SET_NAME: 15,
  PR_CAPBSET_DROP: 24,
  PR_SET_SECUREBITS: 28,
  PR_SET_CHILD_SUBREAPER: 36,
  PR_SET_NO_NEW_PRIVS: 38,
  PR_CAP_AMBIENT: 47,
} as const;

/** How seccomp(2) loads a filter. */
export const SECCOMP_FILTER = {
  SECCOMP_FILTER_FLAG_TSYNC: 0x1,
  SECCOMP_FILTER_FLAG_LOG: 0x2,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW: 0x4,
  SECCOMP_FILTER_FLAG_NEW_LISTENER: 0x8,
  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV: 0x20,
} as const;

/** What PR_CAP_AMBIENT does with the ambient set. */
export const CAP_AMBIENT = { PR_CAP_AMBIENT_RAISE: 2, PR_CAP_AMBIENT_CLEAR_ALL: 4 } as const;

/** Bits of PR_SET_SECUREBITS: what of the special treatment of root is off, and which of these cannot be changed again. */
export const SECBIT = {
  SECBIT_NOROOT: 0x1,
  SECBIT_NOROOT_LOCKED: 0x2,
  SECBIT_NO_SETUID_FIXUP: 0x4,
  SECBIT_NO_SETUID_FIXUP_LOCKED: 0x8,
  SECBIT_KEEP_CAPS: 0x10,
  SECBIT_KEEP_CAPS_LOCKED: 0x20,
  SECBIT_NO_CAP_AMBIENT_RAISE: 0x40,
  SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED: 0x80,
} as const;

/** What waitid(2) waits for. */
export const WAIT = { WNOHANG: 1, WEXITED: 4, WNOWAIT: 0x1000000 } as const;
/** Whom waitid(2) waits for. */
export const P = { P_ALL: 0, P_PID: 1, P_PIDFD: 3 } as const;

/** Flags of memfd_create(2), and the seals of fcntl(2). */
export const MFD = { MFD_CLOEXEC: 1, MFD_ALLOW_SEALING: 2, MFD_EXEC: 0x10 } as const;
/** Seals of a memfd; see fcntl(2). */
export const SEAL = { F_SEAL_SEAL: 1, F_SEAL_SHRINK: 2, F_SEAL_GROW: 4, F_SEAL_WRITE: 8, F_SEAL_EXEC: 0x20 } as const;
/** Commands of fcntl(2). */
export const F = {
  F_DUPFD: 0,
  F_GETFD: 1,
  F_SETFD: 2,
  F_OFD_GETLK: 36,
  F_OFD_SETLK: 37,
  F_DUPFD_CLOEXEC: 1030,
  F_ADD_SEALS: 1033,
  F_GET_SEALS: 1034,
} as const;

/** Kinds of locks of fcntl(2) on parts of a file. */
export const FILE_LOCK = { F_RDLCK: 0, F_WRLCK: 1, F_UNLCK: 2 } as const;

/** Socket families, types, flags and control messages: socket(7), unix(7). */
export const AF = { AF_UNIX: 1, AF_INET: 2, AF_NETLINK: 16 } as const;
/** Socket types and flags; see socket(2). */
export const SOCK = {
  SOCK_STREAM: 1,
  SOCK_DGRAM: 2,
  SOCK_SEQPACKET: 5,
  SOCK_NONBLOCK: 0x800,
  SOCK_CLOEXEC: 0x80000,
} as const;
/** Which half of a connection shutdown(2) ends. */
export const SHUT = { SHUT_WR: 1 } as const;
/** Flags of sendmsg(2) and recvmsg(2). */
export const MSG = {
  MSG_PEEK: 2,
  MSG_DONTWAIT: 0x40,
  MSG_WAITALL: 0x100,
  MSG_NOSIGNAL: 0x4000,
  MSG_CMSG_CLOEXEC: 0x40000000,
} as const;
/** The level of control messages that unix(7) defines. */
export const SOL_SOCKET = 1;
/** The control message that carries descriptors; see unix(7). */
export const SCM_RIGHTS = 1;

/** Requests of ioctl(2) on terminals (ioctl_tty(2)) and network interfaces (netdevice(7)). */
export const IOCTL = {
  TCGETS: 0x5401,
  TCSETS: 0x5402,
  TIOCSCTTY: 0x540e,
  TIOCGWINSZ: 0x5413,
  TIOCSWINSZ: 0x5414,
  TIOCNOTTY: 0x5422,
  TIOCSPTLCK: 0x40045431,
  TIOCGPTPEER: 0x5441,
  SIOCGIFFLAGS: 0x8913,
  SIOCSIFFLAGS: 0x8914,
  SECCOMP_IOCTL_NOTIF_RECV: 0xc0502100,
  SECCOMP_IOCTL_NOTIF_SEND: 0xc0182101,
  SECCOMP_IOCTL_NOTIF_ID_VALID: 0x40082102,
} as const;

/** Operations of keyctl(2). */
export const KEYCTL = { KEYCTL_JOIN_SESSION_KEYRING: 1 } as const;

/** Of landlock(7): the question for its version, and what a process can be kept from reaching outside of its own domain. */
export const LANDLOCK = {
  LANDLOCK_CREATE_RULESET_VERSION: 0x1,
  LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET: 0x1,
  LANDLOCK_SCOPE_SIGNAL: 0x2,
} as const;

/** Rights on files of landlock(7), in the order in which kernels learned them: REFER in 5.19, TRUNCATE in 6.2, IOCTL_DEV in 6.10. */
export const LANDLOCK_ACCESS_FS = {
  LANDLOCK_ACCESS_FS_EXECUTE: 0x1,
  LANDLOCK_ACCESS_FS_WRITE_FILE: 0x2,
  LANDLOCK_ACCESS_FS_READ_FILE: 0x4,
  LANDLOCK_ACCESS_FS_READ_DIR: 0x8,
  LANDLOCK_ACCESS_FS_REMOVE_DIR: 0x10,
  LANDLOCK_ACCESS_FS_REMOVE_FILE: 0x20,
  LANDLOCK_ACCESS_FS_MAKE_CHAR: 0x40,
  LANDLOCK_ACCESS_FS_MAKE_DIR: 0x80,
  LANDLOCK_ACCESS_FS_MAKE_REG: 0x100,
  LANDLOCK_ACCESS_FS_MAKE_SOCK: 0x200,
  LANDLOCK_ACCESS_FS_MAKE_FIFO: 0x400,
  LANDLOCK_ACCESS_FS_MAKE_BLOCK: 0x800,
  LANDLOCK_ACCESS_FS_MAKE_SYM: 0x1000,
  LANDLOCK_ACCESS_FS_REFER: 0x2000,
  LANDLOCK_ACCESS_FS_TRUNCATE: 0x4000,
  LANDLOCK_ACCESS_FS_IOCTL_DEV: 0x8000,
} as const;

/** Kinds of rules of landlock_add_rule(2). */
export const LANDLOCK_RULE = { LANDLOCK_RULE_PATH_BENEATH: 1 } as const;

/** Flags of close_range(2). */
export const CLOSE_RANGE = { CLOSE_RANGE_UNSHARE: 2, CLOSE_RANGE_CLOEXEC: 4 } as const;

/** Operations of flock(2). */
export const LOCK = { LOCK_SH: 1, LOCK_EX: 2, LOCK_NB: 4, LOCK_UN: 8 } as const;

/** Events of poll(2). */
export const POLL = { POLLIN: 1, POLLOUT: 4, POLLHUP: 0x10, POLLRDHUP: 0x2000 } as const;

/** What epoll(7) is asked for. */
export const EPOLL = { EPOLLPRI: 2, EPOLL_CTL_ADD: 1, EPOLL_CLOEXEC: 0x80000 } as const;

/** How rt_sigprocmask(2) changes the mask. */
export const SIG = { SIG_BLOCK: 0, SIG_UNBLOCK: 1, SIG_SETMASK: 2 } as const;

/** The signal that ends a process whatever it does; see signal(7). */
export const SIGKILL = 9;
/** The signal that tells of the end of a child; see signal(7). */
export const SIGCHLD = 17;

/** Commands of bpf(2). */
export const BPF = {
  BPF_PROG_LOAD: 5,
  BPF_PROG_ATTACH: 8,
  BPF_PROG_DETACH: 9,
  BPF_PROG_GET_FD_BY_ID: 13,
  BPF_PROG_QUERY: 16,
} as const;
/** Types of BPF programs; see bpf(2). */
export const BPF_PROG_TYPE = { BPF_PROG_TYPE_CGROUP_DEVICE: 15 } as const;
/** Where a BPF program is attached. */
export const BPF_ATTACH_TYPE = { BPF_CGROUP_DEVICE: 6 } as const;
/** How a BPF program is attached to a cgroup: beside those that are there, or in their place. */
export const BPF_F = { BPF_F_ALLOW_OVERRIDE: 1, BPF_F_ALLOW_MULTI: 2, BPF_F_REPLACE: 4 } as const;

/** Limits of setrlimit(2), by the names the OCI runtime specification uses too. */
export const RLIMIT = {
  RLIMIT_CPU: 0,
  RLIMIT_FSIZE: 1,
  RLIMIT_DATA: 2,
  RLIMIT_STACK: 3,
  RLIMIT_CORE: 4,
  RLIMIT_RSS: 5,
  RLIMIT_NPROC: 6,
  RLIMIT_NOFILE: 7,
  RLIMIT_MEMLOCK: 8,
  RLIMIT_AS: 9,
  RLIMIT_LOCKS: 10,
  RLIMIT_SIGPENDING: 11,
  RLIMIT_MSGQUEUE: 12,
  RLIMIT_NICE: 13,
  RLIMIT_RTPRIO: 14,
  RLIMIT_RTTIME: 15,
} as const;
