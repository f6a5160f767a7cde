import { type Fd, output, type Step, step } from '@coracle/syscalls';

/** Bytes of `struct statfs` on 64-bit architectures. */
const STATFS_LENGTH = 120;

/** Magic numbers of statfs(2). */
const MAGIC = { proc: 0x9fa0n, sysfs: 0x62656572n } as const;

/**
 * Steps that ask which file system a descriptor lies on; read the answer with {@link isFilesystem}.
 *
 * A path that should be in proc may lead into a tmpfs that an image or a racing mount put there, and what is written then
 * never reaches the kernel (CVE-2019-16884, CVE-2025-52881). Ask before writing to a proc this program did not make itself.
 * @param options `result` names the output; `'statfs'` if absent
 * @see fstatfs(2)
 * @example
 * askFilesystem({ fd: resultOf('proc') });
 */
export function askFilesystem({ fd, result = 'statfs' }: { fd: Fd; result?: string }): Step[] {
  return [step('fstatfs', [fd, output(result, STATFS_LENGTH)], 'make sure that a file system is what it should be')];
}

/**
 * Whether the output of {@link askFilesystem} is that of a real proc or sysfs.
 * @example
 * isFilesystem(outcome.output('statfs'), 'proc');
 */
export function isFilesystem(statfs: Uint8Array, type: keyof typeof MAGIC): boolean {
  return new DataView(statfs.buffer, statfs.byteOffset, statfs.byteLength).getBigInt64(0, true) === MAGIC[type];
}
