import { refusedMountCalls } from '@coracle/chroot-fs';
import { errnoName } from '@coracle/errors';
import { libc, type SyscallName, syscallNumber } from '@coracle/syscalls';

const NO_FD = -1;
const NO_FLAGS = 0xffffffff;

/**
 * The calls Coracle cannot do without, each with arguments that no kernel accepts: what is known is refused for their sake,
 * what is not known with ENOSYS. None has any effect, and none is judged by rights first: EPERM is a filter's.
 */
const HARMLESS: readonly [SyscallName, ...number[]][] = [
  ['clone3', 0, 0],
  ['openat2', NO_FD, 0, 0, 0],
  ['pidfd_open', NO_FD, 0],
  ['pidfd_send_signal', NO_FD, 0, 0, 0],
  ['close_range', 1, 0, 0],
  ['memfd_create', 0, NO_FLAGS],
  ['setns', NO_FD, 0],
  ['seccomp', NO_FLAGS, 0, 0],
  ['renameat2', NO_FD, 0, NO_FD, 0, NO_FLAGS],
  ['statx', NO_FD, 0, NO_FLAGS, 0, 0],
];

/** The calls that this kernel does not know, or a filter around this process hides or forbids. */
export function absentCalls(): string[] {
  const { arch, syscall } = libc();
  const absent = HARMLESS.filter(([name, ...args]) => {
    const number = syscallNumber(name, arch);
    const code = number === undefined ? 'ENOSYS' : errnoName(syscall(number, ...args));
    return code === 'ENOSYS' || code === 'EPERM';
  });
  return [...absent.map(([name]) => name), ...refusedMountCalls()];
}
