import { SystemError } from '@coracle/errors';

/** As long as a name of the kernel's file systems can be. */
const LONGEST_NAME_BYTES = 255;

/**
 * Refuses names of groups that would lead out of the group they are meant below, or that the kernel does not take.
 * @param name one name, or several with `/` between them
 * @throws SystemError EINVAL
 * @example
 * checkName('coracle/box');
 */
export function checkName(name: string): void {
  // Who writes JavaScript can give anything.
  const isText = typeof name === 'string';
  if (isText && name.split('/').every((one) => isSafe(one) && Buffer.byteLength(one) <= LONGEST_NAME_BYTES)) return;
  throw new SystemError({
    code: 'EINVAL',
    syscall: 'mkdir',
    path: String(name),
    text: 'cannot be the name of a group',
    hint: "write a name such as box or coracle/box: without '.' and '..', without line breaks, no / at either end",
  });
}

/** The kernel refuses line breaks in names of groups: they would forge lines of /proc/PID/cgroup. */
function isSafe(name: string): boolean {
  return !['', '.', '..'].includes(name) && !name.includes('\n') && !name.includes('\0');
}
