/** Flags that hold for one mount or, with an `r` before, for all mounts below it too. */
const MOUNT_FLAGS: readonly string[] = [
  ...['ro', 'rw', 'suid', 'nosuid', 'dev', 'nodev', 'exec', 'noexec', 'symfollow', 'nosymfollow', 'atime', 'noatime'],
  ...['diratime', 'nodiratime', 'relatime', 'norelatime', 'strictatime', 'nostrictatime'],
];

/** Flags of the whole file system. */
const FILE_SYSTEM_FLAGS: readonly string[] = [
  ...['async', 'dirsync', 'iversion', 'lazytime', 'loud', 'mand'],
  ...['noiversion', 'nolazytime', 'nomand', 'silent', 'sync'],
];

/** What is done with a mount, alone or, with an `r` before, with all below it too. */
const WAYS: readonly string[] = ['bind', 'private', 'shared', 'slave', 'unbindable', 'idmap'];

/**
 * The options of a mount that the specification has a runtime know, sorted; any other is for the file system, such as `size=64m`.
 * @returns a new list
 * @see mount(8), mount_setattr(2)
 * @example
 * mountOptions().includes('rnosuid'); // true
 */
export function mountOptions(): string[] {
  const eachWay = [...MOUNT_FLAGS, ...WAYS].flatMap((option) => [option, `r${option}`]);
  return [...eachWay, ...FILE_SYSTEM_FLAGS, 'defaults', 'remount', 'tmpcopyup'].sort();
}
