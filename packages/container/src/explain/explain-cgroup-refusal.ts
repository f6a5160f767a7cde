import { explainRefusal } from '@coracle/cgroups';
import type { ErrnoName } from '@coracle/errors';
import type { Arg, Step } from '@coracle/syscalls';

/**
 * What the kernel has against a change of the container's cgroup, or against a process in it.
 * @param step of those that name what they are about all are about cgroups
 * @returns `undefined` for others
 */
export function explainCgroupRefusal(
  { syscall, args, on }: Step,
  code: ErrnoName | undefined,
): { text?: string; hint?: string } | undefined {
  if (code === undefined || on === undefined) return undefined;
  return explainRefusal({ path: on, value: syscall === 'mkdirat' ? undefined : writtenText(args[1]), code });
}

/** Nothing is written yet where the file cannot be opened. */
function writtenText(data: Arg | undefined): string {
  return typeof data === 'object' && data !== null && 'kind' in data && data.kind === 'struct'
    ? Buffer.from(data.bytes).toString()
    : '';
}
