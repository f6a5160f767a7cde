import { inspect } from 'node:util';
import { type ErrnoName, SystemError } from '@coracle/errors';
import { AUDIT_ARCH, type FilteredArchitecture, numbersOf, X32_BIT } from './architectures.ts';
import { errnoByName } from './profile-file/errno-by-name.ts';

/** Bytes of `struct seccomp_notif`. */
export const NOTIFICATION_BYTES = 80;

/** A system call that waits for its listener's answer. */
export interface Notification {
  /** Of this one notification. */
  id: bigint;
  /** The thread that made the call, as the listener's PID namespace numbers it. */
  pid: number;
  /** `undefined` for a number that the architecture does not know. */
  name: string | undefined;
  number: number;
  architecture: FilteredArchitecture | undefined;
  /** Six registers, 64 bits unsigned each; some of them are pointers into the memory of the caller. */
  args: readonly bigint[];
}

/** What becomes of the call: the kernel makes it after all, or it isn't made and fails, or returns a value. */
export type Answer = 'continue' | { errno: ErrnoName } | { value: number | bigint };

/**
 * Reads the `struct seccomp_notif` that the kernel filled in.
 * @see seccomp_unotify(2)
 * @example
 * readNotification(bytes).name; // 'mkdir'
 */
export function readNotification(bytes: Uint8Array): Notification {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const number = view.getInt32(16, true);
  const architecture = architectureOf(view.getUint32(20, true), number);
  return {
    id: view.getBigUint64(0, true),
    pid: view.getUint32(8, true),
    name: architecture && nameOf(architecture, number),
    number,
    architecture,
    args: Array.from({ length: 6 }, (_, index) => view.getBigUint64(32 + 8 * index, true)),
  };
}

/**
 * The `struct seccomp_notif_resp` of an answer.
 * @throws SystemError EINVAL for what is no answer: a misspelt errno would let the program believe that its call was made
 * @see seccomp_unotify(2)
 * @example
 * writeAnswer(notification.id, { errno: 'EPERM' });
 */
export function writeAnswer(id: bigint, answer: Answer): Uint8Array {
  const SECCOMP_USER_NOTIF_FLAG_CONTINUE = 1;
  const bytes = new Uint8Array(24);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, id, true);
  const value = returnValueOf(answer);
  const errno = errnoOf(answer);
  if (answer === 'continue') view.setUint32(20, SECCOMP_USER_NOTIF_FLAG_CONTINUE, true);
  else if (errno !== undefined) view.setInt32(16, -errno, true);
  else if (value !== undefined) view.setBigInt64(8, BigInt.asIntN(64, value), true);
  else throw refused(answer);
  return bytes;
}

// Handlers are written in JavaScript too, and may forget to return.
function errnoOf(answer: unknown): number | undefined {
  if (typeof answer !== 'object' || answer === null || !('errno' in answer)) return undefined;
  return typeof answer.errno === 'string' ? errnoByName(answer.errno) : undefined;
}

function returnValueOf(answer: unknown): bigint | undefined {
  if (typeof answer !== 'object' || answer === null || 'errno' in answer || !('value' in answer)) return undefined;
  const { value } = answer;
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))
    ? BigInt(value)
    : undefined;
}

function refused(answer: unknown): SystemError {
  return new SystemError({
    code: 'EINVAL',
    syscall: 'ioctl',
    text: `${inspect(answer, { depth: 1, compact: true, breakLength: Number.POSITIVE_INFINITY })} is no answer to a system call`,
    hint: "return 'continue', { errno: 'EPERM' } or { value: 0 }",
  });
}

function architectureOf(auditArch: number, number: number): FilteredArchitecture | undefined {
  if (auditArch === AUDIT_ARCH.SCMP_ARCH_X86_64 && number >= X32_BIT) return 'SCMP_ARCH_X32';
  const all: FilteredArchitecture[] = ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'];
  return all.find((architecture) => AUDIT_ARCH[architecture] === auditArch);
}

function nameOf(architecture: FilteredArchitecture, number: number): string | undefined {
  return [...numbersOf(architecture)].find(([, one]) => one === number)?.[0];
}
