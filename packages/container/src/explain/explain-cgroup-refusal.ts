import { explainRefusal } from '@coracle/cgroups';
import type { ErrnoName } from '@coracle/errors';
import type { Arg, Step } from '@coracle/syscalls';

/**
 * What the kernel has against a change of the container's cgroup, or against a process in it.
 * @returns `undefined` for steps that are about something else
 */
export function explainCgroupRefusal(
  { syscall, why, args, on }: Step,
  code: ErrnoName | undefined,
): { text?: string; hint?: string } | undefined {
  if (code === undefined) return undefined;
  const second = args[1];
  if (syscall === 'mkdirat' && why === 'make a cgroup')
    return explainRefusal({ path: String(second), value: undefined, code });
  const value = syscall === 'write' ? textOf(second) : undefined;
  return on === undefined || value === undefined ? undefined : explainRefusal({ path: on, value, code });
}

function textOf(data: Arg | undefined): string | undefined {
  return typeof data === 'object' && data !== null && 'kind' in data && data.kind === 'struct'
    ? Buffer.from(data.bytes).toString()
    : undefined;
}
