import { existsSync, readFileSync } from 'node:fs';

const FILE = '/etc/passwd';

/**
 * The name of a user, or his number where he has none.
 * @param passwd the text of /etc/passwd; that of this machine if absent
 * @see passwd(5)
 * @example
 * nameOfUser(0); // 'root'
 */
export function nameOfUser(uid: number, passwd: string = existsSync(FILE) ? readFileSync(FILE, 'utf8') : ''): string {
  const line = passwd.split('\n').find((one) => one.split(':')[2] === String(uid));
  return line?.split(':')[0] ?? String(uid);
}
