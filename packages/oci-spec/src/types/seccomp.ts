/** What a filter does with a system call. `SCMP_ACT_KILL` is the same as `SCMP_ACT_KILL_THREAD`. @see seccomp(2) */
export const SECCOMP_ACTIONS = [
  'SCMP_ACT_KILL',
  'SCMP_ACT_KILL_PROCESS',
  'SCMP_ACT_KILL_THREAD',
  'SCMP_ACT_TRAP',
  'SCMP_ACT_ERRNO',
  'SCMP_ACT_TRACE',
  'SCMP_ACT_ALLOW',
  'SCMP_ACT_LOG',
  'SCMP_ACT_NOTIFY',
] as const;

/** One of {@link SECCOMP_ACTIONS}. */
export type SeccompAction = (typeof SECCOMP_ACTIONS)[number];

/** Architectures a filter can speak of, in libseccomp's words. */
export const SECCOMP_ARCHITECTURES = [
  'SCMP_ARCH_X86',
  'SCMP_ARCH_X86_64',
  'SCMP_ARCH_X32',
  'SCMP_ARCH_ARM',
  'SCMP_ARCH_AARCH64',
  'SCMP_ARCH_LOONGARCH64',
  'SCMP_ARCH_M68K',
  'SCMP_ARCH_MIPS',
  'SCMP_ARCH_MIPS64',
  'SCMP_ARCH_MIPS64N32',
  'SCMP_ARCH_MIPSEL',
  'SCMP_ARCH_MIPSEL64',
  'SCMP_ARCH_MIPSEL64N32',
  'SCMP_ARCH_PPC',
  'SCMP_ARCH_PPC64',
  'SCMP_ARCH_PPC64LE',
  'SCMP_ARCH_S390',
  'SCMP_ARCH_S390X',
  'SCMP_ARCH_SH',
  'SCMP_ARCH_SHEB',
  'SCMP_ARCH_PARISC',
  'SCMP_ARCH_PARISC64',
  'SCMP_ARCH_RISCV64',
] as const;

/** One of {@link SECCOMP_ARCHITECTURES}. */
export type SeccompArchitecture = (typeof SECCOMP_ARCHITECTURES)[number];

/** Flags of seccomp(2). */
export const SECCOMP_FLAGS = [
  'SECCOMP_FILTER_FLAG_TSYNC',
  'SECCOMP_FILTER_FLAG_LOG',
  'SECCOMP_FILTER_FLAG_SPEC_ALLOW',
  'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV',
] as const;

/** One of {@link SECCOMP_FLAGS}. */
export type SeccompFlag = (typeof SECCOMP_FLAGS)[number];

/** Comparisons of an argument. */
export const SECCOMP_OPERATORS = [
  'SCMP_CMP_NE',
  'SCMP_CMP_LT',
  'SCMP_CMP_LE',
  'SCMP_CMP_EQ',
  'SCMP_CMP_GE',
  'SCMP_CMP_GT',
  'SCMP_CMP_MASKED_EQ',
] as const;

/** One of {@link SECCOMP_OPERATORS}. */
export type SeccompOperator = (typeof SECCOMP_OPERATORS)[number];

/**
 * A filter of system calls.
 * @see seccomp(2)
 */
export interface Seccomp {
  /** What becomes of calls that no rule names. */
  defaultAction: SeccompAction;
  /** Errno of `SCMP_ACT_ERRNO`, or the value of `SCMP_ACT_TRACE`, as default. Absent: EPERM. */
  defaultErrnoRet?: number;
  /** Architectures that are filtered. Absent: the machine's own. */
  architectures?: SeccompArchitecture[];
  /** Flags of seccomp(2). Absent: the runtime's choice. */
  flags?: SeccompFlag[];
  /** Socket that gets the descriptor of a filter with `SCMP_ACT_NOTIFY`. */
  listenerPath?: string;
  /** Free text for the listener; needs `listenerPath`. */
  listenerMetadata?: string;
  /** The rules. */
  syscalls?: SeccompRule[];
}

/** What becomes of some system calls. */
export interface SeccompRule {
  /** Names of system calls, at least one. Unknown ones are skipped. */
  names: string[];
  /** What becomes of them. */
  action: SeccompAction;
  /** Errno of `SCMP_ACT_ERRNO`, or the value of `SCMP_ACT_TRACE`. Absent: EPERM. */
  errnoRet?: number;
  /** Conditions, all of which must hold. Absent: always. */
  args?: SeccompArgument[];
}

/**
 * A condition on one argument. What JavaScript's numbers, exact up to `2 ** 53` only, would round is a text of its digits:
 * `'9223372036854775807'`.
 */
export interface SeccompArgument {
  /** Which argument, 0 to 5. */
  index: number;
  /** What it is compared with; the mask for `SCMP_CMP_MASKED_EQ`. */
  value: number | string;
  /** What the masked argument is compared with. */
  valueTwo?: number | string;
  /** The comparison. */
  op: SeccompOperator;
}
