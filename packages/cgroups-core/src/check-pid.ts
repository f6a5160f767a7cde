import { SystemError } from '@coracle/errors';

/**
 * Refuses what is no number of a process or thread. To the kernel 0 is whoever writes it: the caller would move itself, where a
 * child that could not be started was meant.
 * @throws SystemError EINVAL
 * @example
 * checkPid(4711);
 */
export function checkPid(pid: number): void {
  if (Number.isInteger(pid) && pid > 0) return;
  throw new SystemError({
    code: 'EINVAL',
    syscall: 'add',
    detail: String(pid),
    text: 'cannot be the number of a process or thread',
    hint: 'the caller itself is process.pid; a child that could not be started has none',
  });
}
