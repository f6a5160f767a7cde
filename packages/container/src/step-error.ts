import { errnoName } from '@coracle/errors';
import { explainProcRefusal } from '@coracle/procfs-mount';
import { type Outcome, type Step, SyscallError } from '@coracle/syscalls';
import { explainNesting } from './explain-nesting.ts';
import { explainLabelRefusal } from './labels/explain-label-refusal.ts';
import { explainMountRefusal } from './mounts/explain-mount-refusal.ts';

/** A step that failed, and the errno. */
type Failure = NonNullable<Outcome['failure']>;

/** The error for a step that the kernel refused, with the remedy where one is known. */
export function stepError({ step, errno }: Failure): SyscallError {
  const refused = { ...step, code: errnoName(errno) };
  const label = explainLabelRefusal(refused);
  const hint =
    label?.hint ??
    explainNesting(refused) ??
    identityHint(step, errno) ??
    limitHint(step, errno) ??
    explainMountRefusal(refused) ??
    explainProcRefusal(new SyscallError(step, errno));
  return new SyscallError(step, errno, { hint, text: label?.text });
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
