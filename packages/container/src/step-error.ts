import { explainNullDevice } from '@coracle/chroot-fs';
import { errnoName } from '@coracle/errors';
import { MOST_GROUPS } from '@coracle/oci-spec';
import { explainProcRefusal } from '@coracle/procfs-mount';
import { type Outcome, type Step, SyscallError } from '@coracle/syscalls';
import { explainCgroupRefusal } from './explain/explain-cgroup-refusal.ts';
import { explainNesting } from './explain/explain-nesting.ts';
import { explainLabelRefusal } from './labels/explain-label-refusal.ts';
import { whyNoOverlay } from './mount-calls.ts';
import { explainMountRefusal } from './mounts/explain-mount-refusal.ts';

/** What the mount of message queues is for. */
const MESSAGE_QUEUES = 'give the container message queues of its own';

/** A step that failed, and the errno. */
type Failure = NonNullable<Outcome['failure']>;

/** The error for a step that the kernel refused, with the remedy where one is known. */
export function stepError({ step, errno }: Failure): SyscallError {
  const refused = { ...step, code: errnoName(errno) };
  const told =
    explainLabelRefusal(refused) ?? explainNullDevice(refused) ?? explainCgroupRefusal(step, errnoName(errno));
  const hint =
    told?.hint ??
    explainNesting(refused) ??
    recordHint(step, errno) ??
    identityHint(step, errno) ??
    enteringHint(step, errno) ??
    limitHint(step, errno) ??
    scoreHint(step, errno) ??
    schedulerHint(step, errno) ??
    settingHint(step, errno) ??
    terminalHint(step, errno) ??
    hidingHint(step, errno) ??
    queuesHint(step, errno) ??
    overlayHint(step, errno) ??
    explainMountRefusal(refused) ??
    explainProcRefusal(new SyscallError(step, errno));
  return new SyscallError(step, errno, { hint, text: told?.text });
}

/** Where containers are recorded: /run/coracle, or below XDG_RUNTIME_DIR. Both are made before, and can be full or read-only by now. */
function recordHint({ why }: Step, errno: number): string | undefined {
  if (why !== 'record the container') return undefined;
  const full = 'there is no room where containers are recorded: df -h and df -i of that directory tell';
  return {
    ENOSPC: full,
    EDQUOT: full,
    EROFS:
      'containers are recorded there, so it has to be writable: mount -o remount,rw, or as an ordinary user set XDG_RUNTIME_DIR to a directory of yours',
  }[String(errnoName(errno))];
}

/** The kernel says EINVAL of an id that the container's user namespace has no place for, and of too many groups. */
function identityHint({ why, syscall, args }: Step, errno: number): string | undefined {
  if (!why.startsWith('become user ') || errnoName(errno) !== 'EINVAL') return undefined;
  if (syscall === 'setgroups' && Number(args[0]) > MOST_GROUPS)
    return `the user is in ${args[0]} groups, and a process can have ${MOST_GROUPS} at most: -u USER:GROUP has it be in that one`;
  return 'the container has no such id: a user namespace has as many as /etc/subuid and /etc/subgid give, and usually 65536; choose a lower one';
}

/** Who enters by a process, or by its directory, needs the right to trace it; see ptrace(2), "Ptrace access mode checking". */
function enteringHint({ syscall, why }: Step, errno: number): string | undefined {
  const code = errnoName(errno);
  const isSetns = syscall === 'setns' && code === 'EPERM' && /^enter the namespaces? of the container/.test(why);
  const isPlace =
    syscall === 'openat' && code === 'EACCES' && /^(let the hook begin at|have) the container's files$/.test(why);
  if (!isSetns && !isPlace) return undefined;
  return 'its owner may enter once it has started, and before that where its user namespace was made for it; others, and elsewhere, need CAP_SYS_PTRACE and CAP_SYS_ADMIN';
}

/** The kernel says of no setting what it takes. */
function settingHint({ why }: Step, errno: number): string | undefined {
  if (!/^set \S+ to /.test(why)) return undefined;
  return {
    EINVAL: 'its values are others: see proc_sys(5), or what it has now (sysctl -a)',
    ENOENT: 'this kernel has no such setting, or not for each container: sysctl -a there shows those that it has',
    EACCES: "it is the whole host's, and can be read there alone",
  }[String(errnoName(errno))];
}

/** A root that was made elsewhere need not have terminals. */
function terminalHint({ syscall, why }: Step, errno: number): string | undefined {
  if (why !== 'give the program a terminal' || syscall !== 'openat' || errnoName(errno) !== 'ENOENT') return undefined;
  return 'there are no terminals in the container: its configuration needs a mount of type devpts at /dev/pts';
}

/** The path is named by who starts the container, not by the root. */
function hidingHint({ why }: Step, errno: number): string | undefined {
  if (!/^(hide|forbid changes to) /.test(why) || errnoName(errno) !== 'ELOOP') return undefined;
  return 'it leads through links in a circle, or through one that is no path, such as /proc/self/exe or /proc/1/root: name the place that it leads to';
}

/** See proc_pid_oom_score_adj(5). */
function scoreHint({ why }: Step, errno: number): string | undefined {
  if (!why.startsWith('be ended with a score of ') || errnoName(errno) !== 'EACCES') return undefined;
  return 'to lower the score takes CAP_SYS_RESOURCE, which whoever starts it lacks: /proc/self/oom_score_adj says what it has; give that or more (process.oomScoreAdj)';
}

/** See sched(7); a group of version 1 is born without time for these policies, where the kernel has it for each group. */
function schedulerHint({ syscall, why }: Step, errno: number): string | undefined {
  if (syscall !== 'sched_setattr' || errnoName(errno) !== 'EPERM') return undefined;
  if (why.endsWith('SCHED_DEADLINE'))
    return 'it takes CAP_SYS_NICE, and all CPUs: leave linux.resources.cpu.cpus and process.execCPUAffinity out';
  return 'it takes CAP_SYS_NICE, and with cgroups of version 1 time of the group: give it some (linux.resources.cpu.realtimeRuntime)';
}

/** The file system of message queues is that of the ipc namespace; see mq_overview(7). With mount(2) the step is of that call. */
function queuesHint({ syscall, why }: Step, errno: number): string | undefined {
  if (why !== MESSAGE_QUEUES || !['fsconfig', 'mount'].includes(syscall) || errnoName(errno) !== 'EPERM')
    return undefined;
  return 'a container with a user namespace of its own can have message queues only with an ipc namespace of its own: do not share the ipc namespace (--ipc), or leave the mount out';
}

function overlayHint({ why }: Step, errno: number): string | undefined {
  if (!why.startsWith('lay a layer for changes over ') || errnoName(errno) !== 'EPERM') return undefined;
  const reason = whyNoOverlay();
  return reason && `an overlay: ${reason}; start it on the directory itself, or on a copy of it`;
}

function limitHint({ syscall, why }: Step, errno: number): string | undefined {
  if (syscall === 'clone3' && errnoName(errno) === 'EAGAIN')
    return why.startsWith('run an init')
      ? 'it may have no more processes, and an init is one: raise --pids-limit, or leave --init out'
      : 'no more processes are allowed: see the limits of whoever starts it (ulimit -u) and of the cgroup around (pids.max)';
  if (syscall !== 'prlimit64' || errnoName(errno) !== 'EPERM') return undefined;
  return "without CAP_SYS_RESOURCE nobody can go above the caller's own hard limit: ulimit -Ha shows it, and nofile ends at /proc/sys/fs/nr_open for all";
}
