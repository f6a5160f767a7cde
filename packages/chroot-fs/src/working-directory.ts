import { fchdir, flags, mkdirat, OPEN, openat2, resultOf, type Step } from '@coracle/syscalls';
import { IN_ROOT } from './mounts.ts';

/**
 * Steps that go to the working directory of a container that already stands in its root.
 *
 * A path such as /proc/self/fd/7 would lead to whatever that descriptor is, even outside (CVE-2024-21626); the kernel
 * refuses such links here.
 * @param options `create` makes what is missing, as `docker run -w` does
 * @example
 * enterWorkingDirectory('/srv', { create: true });
 */
export function enterWorkingDirectory(path: string, { create = false }: { create?: boolean } = {}): Step[] {
  const why = `start in ${path}`;
  const names = path.split('/').filter((name) => name !== '');
  const made = create ? names.map((_, index) => `/${names.slice(0, index + 1).join('/')}`) : [];
  return [
    ...made.map((directory) =>
      mkdirat({ path: directory }, { why: `make the working directory ${path}`, tolerate: 'any' }),
    ),
    openat2(
      { path, flags: flags(OPEN, 'O_PATH', 'O_DIRECTORY', 'O_CLOEXEC'), resolve: IN_ROOT },
      { why, result: 'cwd' },
    ),
    fchdir(resultOf('cwd'), why),
  ];
}
