/**
 * Whether a kernel's release, as uname(2) gives it, is this version or a later one.
 * @param version major and minor number
 */
export function isAtLeast(release: string, version: readonly [major: number, minor: number]): boolean {
  const [major = 0, minor = 0] = release.split('.').map((part) => Number.parseInt(part, 10));
  return major > version[0] || (major === version[0] && minor >= version[1]);
}
