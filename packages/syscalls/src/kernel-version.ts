import { SystemError } from '@coracle/errors';

/** A version of Linux: 6.12.8 is `{ major: 6, minor: 12 }`. */
export interface KernelVersion {
  major: number;
  minor: number;
}

/**
 * The version that a kernel release begins with.
 * @throws SystemError EINVAL for text that does not begin with two numbers
 * @see uname(2)
 * @example
 * kernelVersion('6.12.8-1-amd64'); // { major: 6, minor: 12 }
 */
export function kernelVersion(kernel: KernelVersion | string): KernelVersion {
  if (typeof kernel !== 'string') return kernel;
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(kernel) ?? [];
  if (major === undefined || minor === undefined) {
    throw new SystemError({
      code: 'EINVAL',
      syscall: 'uname',
      path: kernel,
      text: 'not a release of Linux',
      hint: "give the kernel as os.release() does, such as '6.12.8-1-amd64', or as { major: 6, minor: 12 }",
    });
  }
  return { major: Number(major), minor: Number(minor) };
}

/**
 * Whether a kernel is that version or a later one.
 * @example
 * isAtLeast(kernelVersion(kernelRelease()), { major: 5, minor: 12 });
 */
export function isAtLeast(kernel: KernelVersion, oldest: KernelVersion): boolean {
  return kernel.major > oldest.major || (kernel.major === oldest.major && kernel.minor >= oldest.minor);
}
