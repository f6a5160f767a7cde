import { readFileSync } from 'node:fs';
import { errnoName } from '@coracle/errors';
import { explainProcRefusal } from '@coracle/procfs-mount';
import { type Outcome, type Step, SyscallError } from '@coracle/syscalls';
import { explainMountRefusal } from './mounts/explain-mount-refusal.ts';

/** A step that failed, and the errno. */
type Failure = NonNullable<Outcome['failure']>;

/** The error for a step that the kernel refused, with the remedy where one is known. */
export function stepError({ step, errno }: Failure): SyscallError {
  const hint =
    birthHint(step, errno) ??
    identityHint(step, errno) ??
    networkHint(step, errno) ??
    limitHint(step, errno) ??
    explainMountRefusal({ ...step, code: errnoName(errno) }) ??
    explainProcRefusal(new SyscallError(step, errno));
  return new SyscallError(step, errno, { hint });
}

/** What usually keeps namespaces from being made. */
function birthHint({ syscall }: Step, errno: number): string | undefined {
  const code = errnoName(errno);
  if (syscall === 'clone3' && code === 'ENOSYS')
    return 'a filter of system calls hides it, as inside a container, or this is no Linux 5.12 yet: `coracle doctor` tells which';
  if (syscall !== 'clone3' || (code !== 'EPERM' && code !== 'EACCES')) return undefined;
  if (readSetting('/proc/sys/kernel/apparmor_restrict_unprivileged_userns') === '1') {
    return 'AppArmor restricts user namespaces: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0';
  }
  return process.geteuid?.() === 0
    ? 'this root lacks the capability SYS_ADMIN (inside another container?): run with --userns auto, or start the container around this with --cap-add SYS_ADMIN --cap-add NET_ADMIN'
    : 'namespaces are not allowed here (inside another container?); `coracle doctor` looks for the reason';
}

/** A network namespace belongs to the user namespace it was made in, and there its maker may lack the right to set it up. */
function networkHint({ syscall, why }: Step, errno: number): string | undefined {
  if (syscall !== 'ioctl' || !why.includes('127.0.0.1') || errnoName(errno) !== 'EPERM') return undefined;
  return 'this root lacks the capability NET_ADMIN (inside another container?): start the container around this with --cap-add NET_ADMIN, or use --network host';
}

/** The kernel says EINVAL of an id that the container's user namespace has no place for. */
function identityHint({ why }: Step, errno: number): string | undefined {
  if (!why.startsWith('become user ') || errnoName(errno) !== 'EINVAL') return undefined;
  return 'the container has no such id: a user namespace has as many as /etc/subuid and /etc/subgid give, and usually 65536; choose a lower one';
}

function limitHint({ syscall }: Step, errno: number): string | undefined {
  if (syscall !== 'prlimit64' || errnoName(errno) !== 'EPERM') return undefined;
  return "without CAP_SYS_RESOURCE nobody can go above the caller's own hard limit: ulimit -Ha shows it, and nofile ends at /proc/sys/fs/nr_open for all";
}

function readSetting(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    // A setting that this kernel does not have restricts nothing.
    return undefined;
  }
}
