/** The program of a container, and what it runs as. */
export interface Process {
  /** Whether it gets a terminal of its own. Absent: `false`. */
  terminal?: boolean;
  /** Size of that terminal, in characters. Ignored without a terminal. */
  consoleSize?: ConsoleSize;
  /** Absolute path of the working directory inside the container. */
  cwd: string;
  /** Environment, `NAME=value` each. Absent: empty. */
  env?: string[];
  /** Program and arguments, at least one. The program is looked up in the PATH of `env`. */
  args: string[];
  /** Limits of the process, each kind at most once. Absent: the runtime's own. */
  rlimits?: Rlimit[];
  /** Name of an AppArmor profile. Absent: none is set. */
  apparmorProfile?: string;
  /** The five capability sets. Absent: the runtime's default. */
  capabilities?: Capabilities;
  /** Whether the program can never gain rights through set-id programs. Absent: `false`. @see prctl(2) */
  noNewPrivileges?: boolean;
  /** How readily the kernel kills it when memory runs out, -1000 (never) to 1000. Absent: as the runtime's. */
  oomScoreAdj?: number;
  /** How the processor's time is shared out. @see sched(7) */
  scheduler?: Scheduler;
  /** SELinux label of the process. Absent: none is set. */
  selinuxLabel?: string;
  /** Priority of input and output. @see ioprio_set(2) */
  ioPriority?: IOPriority;
  /** Processors it may use. @see sched_setaffinity(2) */
  execCPUAffinity?: ExecCPUAffinity;
  /** User and groups, as numbers inside the container. Absent: root. */
  user?: User;
}

/** Size of a terminal, in characters. */
export interface ConsoleSize {
  /** Rows. */
  height: number;
  /** Columns. */
  width: number;
}

/** User and groups, as numbers inside the container's user namespace, 0 to 4294967294. */
export interface User {
  /** User id. */
  uid: number;
  /** Group id. */
  gid: number;
  /** Permission bits that new files do not get, 0 to 0o777. Absent: as the runtime's. @see umask(2) */
  umask?: number;
  /** Supplementary groups. Absent: none. */
  additionalGids?: number[];
}

/**
 * The kinds of limits of getrlimit(2).
 * @see getrlimit(2)
 */
export const RLIMIT_NAMES = [
  'RLIMIT_AS',
  'RLIMIT_CORE',
  'RLIMIT_CPU',
  'RLIMIT_DATA',
  'RLIMIT_FSIZE',
  'RLIMIT_LOCKS',
  'RLIMIT_MEMLOCK',
  'RLIMIT_MSGQUEUE',
  'RLIMIT_NICE',
  'RLIMIT_NOFILE',
  'RLIMIT_NPROC',
  'RLIMIT_RSS',
  'RLIMIT_RTPRIO',
  'RLIMIT_RTTIME',
  'RLIMIT_SIGPENDING',
  'RLIMIT_STACK',
] as const;

/** One of {@link RLIMIT_NAMES}. */
export type RlimitName = (typeof RLIMIT_NAMES)[number];

/**
 * A limit of a process, in the unit of its kind (bytes, seconds, files ...).
 *
 * No limit is written as 18446744073709551615 in JSON, which JavaScript reads as `2 ** 64`.
 * @see getrlimit(2)
 */
export interface Rlimit {
  /** Which limit. */
  type: RlimitName;
  /** The value in force; at most `hard`. */
  soft: number;
  /** The ceiling a process without privilege may raise `soft` to. */
  hard: number;
}

/**
 * The capability sets of a process; names as in capabilities(7): `CAP_NET_RAW`. An absent set is empty.
 * Names the kernel does not know are allowed: the specification asks for a warning, not for a failure.
 * @see capabilities(7)
 */
export interface Capabilities {
  /** What the process and its children can ever have. */
  bounding?: string[];
  /** What it can use when it asks to. */
  permitted?: string[];
  /** What it uses. */
  effective?: string[];
  /** What programs it starts keep, if their files say so. */
  inheritable?: string[];
  /** What programs it starts keep without a word in their files. */
  ambient?: string[];
}

/** Policies of sched(7). */
export const SCHEDULER_POLICIES = [
  'SCHED_OTHER',
  'SCHED_FIFO',
  'SCHED_RR',
  'SCHED_BATCH',
  'SCHED_ISO',
  'SCHED_IDLE',
  'SCHED_DEADLINE',
] as const;

/** Flags of sched_setattr(2). */
export const SCHEDULER_FLAGS = [
  'SCHED_FLAG_RESET_ON_FORK',
  'SCHED_FLAG_RECLAIM',
  'SCHED_FLAG_DL_OVERRUN',
  'SCHED_FLAG_KEEP_POLICY',
  'SCHED_FLAG_KEEP_PARAMS',
  'SCHED_FLAG_UTIL_CLAMP_MIN',
  'SCHED_FLAG_UTIL_CLAMP_MAX',
] as const;

/**
 * Scheduling of a process.
 * @see sched_setattr(2)
 */
export interface Scheduler {
  /** Which rules apply. */
  policy: (typeof SCHEDULER_POLICIES)[number];
  /** -20 (first) to 19; for SCHED_OTHER and SCHED_BATCH. */
  nice?: number;
  /** 1 to 99 for SCHED_FIFO and SCHED_RR, 0 for the others. */
  priority?: number;
  /** Flags of sched_setattr(2). */
  flags?: (typeof SCHEDULER_FLAGS)[number][];
  /** Nanoseconds of work in a period; for SCHED_DEADLINE. */
  runtime?: number;
  /** Nanoseconds from the start of a period until the work must be done; for SCHED_DEADLINE. */
  deadline?: number;
  /** Nanoseconds from one period to the next; for SCHED_DEADLINE. */
  period?: number;
}

/** Classes of ioprio_set(2). */
export const IO_PRIORITY_CLASSES = ['IOPRIO_CLASS_RT', 'IOPRIO_CLASS_BE', 'IOPRIO_CLASS_IDLE'] as const;

/**
 * Priority of input and output.
 * @see ioprio_set(2)
 */
export interface IOPriority {
  /** Real time, best effort, or only when nobody else wants the disk. */
  class: (typeof IO_PRIORITY_CLASSES)[number];
  /** 0 (first) to 7, within the class. Absent: 0. */
  priority?: number;
}

/** Processors for `exec`, as lists of numbers and ranges: `0-3,7`. */
export interface ExecCPUAffinity {
  /** While the process is still in the runtime's cgroup. */
  initial?: string;
  /** Once it is in the container's cgroup. */
  final?: string;
}

/** So many supplementary groups a process can have at most: NGROUPS_MAX. @see setgroups(2) */
export const MOST_GROUPS = 65536;
