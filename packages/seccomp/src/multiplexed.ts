import type { FilteredArchitecture } from './architectures.ts';

/**
 * Calls that 32-bit x86 makes in two ways: by a number of their own, and as one of the calls behind socketcall(2) or ipc(2),
 * which the first argument tells apart. A rule about such a call is about both.
 * @see linux/net.h, linux/ipc.h
 */
const SOCKETCALL: readonly string[] = [
  ...['socket', 'bind', 'connect', 'listen', 'accept', 'getsockname', 'getpeername', 'socketpair', 'send', 'recv'],
  ...['sendto', 'recvfrom', 'shutdown', 'setsockopt', 'getsockopt', 'sendmsg', 'recvmsg', 'accept4', 'recvmmsg'],
  'sendmmsg',
];

const IPC: Readonly<Record<string, number>> = {
  semop: 1,
  semget: 2,
  semctl: 3,
  semtimedop: 4,
  msgsnd: 11,
  msgrcv: 12,
  msgget: 13,
  msgctl: 14,
  shmat: 21,
  shmdt: 22,
  shmget: 23,
  shmctl: 24,
};

/**
 * The other way to make a call.
 * @returns `undefined` where there is no other
 * @example
 * otherWay('SCMP_ARCH_X86', 'bind'); // { name: 'socketcall', selector: 2 }
 */
export function otherWay(
  architecture: FilteredArchitecture,
  name: string,
): { name: string; selector: number } | undefined {
  if (architecture !== 'SCMP_ARCH_X86') return undefined;
  const socket = SOCKETCALL.indexOf(name) + 1;
  if (socket > 0) return { name: 'socketcall', selector: socket };
  const ipc = Object.hasOwn(IPC, name) ? IPC[name] : undefined;
  return ipc === undefined ? undefined : { name: 'ipc', selector: ipc };
}
