import { type ErrnoName, errnoName, SystemError } from '@coracle/errors';
import { renderArg } from './render.ts';
import type { Step } from './step.ts';

/** The calls whose first string arguments are no paths. */
const NO_PATHS = new Set(['fsconfig', 'fsopen', 'sethostname', 'setdomainname', 'write', 'sendto']);

/**
 * A step the kernel refused.
 * @example
 * // EPERM: operation not permitted, mount 'proc' -> '/proc' (MS_NOSUID): could not make the container's processes visible to ps
 */
export class SyscallError extends SystemError {
  override readonly name = 'SyscallError';
  /** The arguments in the kernel's order, readable. */
  readonly args: readonly string[];
  /** What the step was for. */
  readonly why: string;

  /**
   * @param errno negative, as the kernel returns it
   * @param refinement `hint`: what the user can do; `text`: in place of the errno's own where that misleads
   */
  constructor(step: Step, errno: number, refinement: { hint?: string | undefined; text?: string | undefined } = {}) {
    const code: ErrnoName = errnoName(errno) ?? 'EINVAL';
    const strings = NO_PATHS.has(step.syscall) ? [] : step.args.filter((arg) => typeof arg === 'string' && arg !== '');
    const [path, dest] = strings as string[];
    const detail = step.args
      .filter(
        (arg, index) =>
          // The environment of a program may hold secrets.
          !(step.syscall === 'execve' && index === 2) &&
          typeof arg === 'object' &&
          arg !== null &&
          'kind' in arg &&
          (arg.kind === 'flags' || (arg.kind === 'struct' && arg.bytes.length < 100)),
      )
      .map(renderArg)
      .filter((text) => text !== '0')
      .join(', ');
    super({
      code,
      syscall: step.syscall,
      path: path ?? step.on,
      dest,
      detail,
      step: step.why,
      hint: refinement.hint ?? hintFor(step, code),
      text: refinement.text ?? textFor(step, code),
    });
    this.args = step.args.map(renderArg);
    this.why = step.why;
  }
}

/** Errnos that mislead, per call: what they mean there. */
function textFor({ syscall }: Step, code: ErrnoName): string | undefined {
  if (code === 'ENOSPC' && (syscall === 'clone3' || syscall === 'unshare')) return 'the limit on namespaces is reached';
  if (code === 'ENOSPC' && (syscall === 'mount' || syscall === 'move_mount')) return 'the limit on mounts is reached';
  if (code === 'ENOSYS') return 'the kernel has no such call';
  return undefined;
}

/** The remedy for failures that have a usual one. */
function hintFor({ syscall }: Step, code: ErrnoName): string | undefined {
  if (code === 'ENOSPC' && (syscall === 'clone3' || syscall === 'unshare'))
    return 'raise the limits in /proc/sys/user/max_*_namespaces';
  if (code === 'ENOSPC' && syscall === 'move_mount') return 'raise /proc/sys/fs/mount-max';
  if (code === 'EPERM' && syscall === 'bpf')
    return 'rules for devices take CAP_SYS_ADMIN outside of user namespaces, and no seccomp filter that denies bpf; leave them out otherwise';
  if (code === 'ENOSYS')
    return 'Coracle needs Linux 5.9 or newer, and 5.12 for mounts by descriptor; `coracle doctor` shows what this kernel lacks';
  return undefined;
}
