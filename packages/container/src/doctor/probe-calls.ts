import { readFileSync } from 'node:fs';
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
  const absent = HARMLESS.filter((probe) => ['ENOSYS', 'EPERM'].includes(String(answerTo(probe))));
  return [...absent.map(([name]) => name), ...refusedMountCalls()];
}

/**
 * Whether a filter around this process may be what answered EPERM to a call: seen by another try for the calls that Coracle cannot do
 * without, since a filter cannot read what such a call's pointers lead to; for all others, as far as there is a filter.
 */
export function mayBeForbidden(call: string): boolean {
  const probe = HARMLESS.find(([name]) => name === call);
  return probe ? answerTo(probe) === 'EPERM' : hasFilter();
}

function answerTo([name, ...args]: (typeof HARMLESS)[number]): string | undefined {
  const { arch, syscall } = libc();
  const number = syscallNumber(name, arch);
  return number === undefined ? 'ENOSYS' : errnoName(syscall(number, ...args));
}

/** See proc_pid_status(5). */
function hasFilter(): boolean {
  try {
    return !/^Seccomp:\s+0$/m.test(readFileSync('/proc/thread-self/status', 'latin1'));
  } catch {
    // Without /proc nobody knows.
    return true;
  }
}
