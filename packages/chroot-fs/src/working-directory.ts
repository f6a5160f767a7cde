import { AT_FDCWD, fchdir, resultOf, type Step } from '@coracle/syscalls';
import { openInRoot, openMountpoint } from './mounts.ts';

/**
 * Steps that go to the working directory of a container that already stands at the top of its root.
 *
 * A path such as /proc/self/fd/7 would lead to whatever that descriptor is, even outside (CVE-2024-21626); the kernel
 * refuses such links here, and nothing is made behind one.
 * @param path absolute, in the container
 * @param options `create` makes what is missing, as `docker run -w` does; `false` if absent
 * @see openat2(2) (since Linux 5.6)
 * @example
 * enterWorkingDirectory('/srv', { create: true });
 */
export function enterWorkingDirectory(path: string, { create = false }: { create?: boolean } = {}): Step[] {
  const why = `start in ${path}`;
  // The process stands at its root: a look-up from there is one in the root.
  const place = { root: AT_FDCWD, path, kind: 'directory' } as const;
  return [
    ...(create ? openMountpoint(place, why) : [openInRoot(place, { why, result: 'target' })]),
    fchdir(resultOf('target'), why),
  ];
}
