import { readInRoot } from '@coracle/chroot-fs';

/**
 * An environment with HOME, by the root's own /etc/passwd where it says nothing of it: so other runtimes have it.
 * @param options `root`: directory of the host; `uid`: as the container numbers its users
 * @throws SystemError for a root that is not there
 * @see passwd(5)
 */
export function withHome(env: readonly string[], { root, uid }: { root: string; uid: number }): string[] {
  if (env.some((variable) => variable.startsWith('HOME='))) return [...env];
  const users = (readInRoot(root, '/etc/passwd') ?? '').split('\n').map((line) => line.split(':'));
  const home = users.find(([, , id]) => id === String(uid))?.[5] || '/';
  return [...env, `HOME=${home}`];
}
