import { readInRoot } from '@coracle/chroot-fs';
import { isErrno, SystemError } from '@coracle/errors';

/**
 * An environment with HOME, by the root's own /etc/passwd where it says nothing of it, or nothing in it: so runc has it.
 * @param options `root`: directory of the host; `uid`: as the container numbers its users
 * @throws SystemError for a root that is not there, and EINVAL for a home that no variable can hold
 * @see passwd(5)
 */
export function withHome(env: readonly string[], { root, uid }: { root: string; uid: number }): string[] {
  if (env.some((variable) => variable.startsWith('HOME=') && variable !== 'HOME=')) return [...env];
  const users = (passwdOf(root) ?? '').split('\n').map((line) => line.split(':'));
  const home = users.find(([, , id]) => id === String(uid))?.[5] || '/';
  if (home.includes('\0'))
    throw new SystemError({
      code: 'EINVAL',
      syscall: 'execve',
      path: '/etc/passwd',
      text: `the home of user ${uid} holds a NUL, which no variable can`,
      hint: 'mend the file in the root, or give the process a HOME in process.env',
    });
  return [...env.filter((variable) => variable !== 'HOME='), `HOME=${home}`];
}

/** What does not lead to a file is as good as none: it takes nobody's name to start a process by its number. */
function passwdOf(root: string): string | undefined {
  try {
    return readInRoot(root, '/etc/passwd');
  } catch (error) {
    if (!isErrno(error, 'ENOTDIR', 'ELOOP', 'EACCES')) throw error;
    return undefined;
  }
}
