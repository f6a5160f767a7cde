import { SystemError } from '@coracle/errors';

/**
 * Refuses a number that no process or thread has. To the kernel 0 is the caller, who would be limited, and killed in the end,
 * with those it has put there.
 * @throws SystemError EINVAL
 * @example
 * checkId(child.pid, '/sys/fs/cgroup/box');
 */
export function checkId(id: number, directory: string): void {
  if (Number.isSafeInteger(id) && id > 0) return;
  throw new SystemError({
    code: 'EINVAL',
    syscall: 'add',
    path: directory,
    text: `${String(id)} is the number of no process`,
    hint: "give a child's pid, which is undefined where it could not be started; the calling process is process.pid",
  });
}
