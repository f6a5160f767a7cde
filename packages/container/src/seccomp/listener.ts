import { isErrno } from '@coracle/errors';
import { type Answer, NOTIFICATION_BYTES, type Notification, readNotification, writeAnswer } from '@coracle/seccomp';
import { closeFd, IOCTL, ioctlBytes, isReadable, libc } from '@coracle/syscalls';

/** Decides about a system call that the container's profile asks about; the program waits meanwhile. */
export type SyscallHandler = (call: SyscallEvent) => Answer | Promise<Answer>;

/** A system call that waits for an answer. */
export interface SyscallEvent extends Notification {
  /**
   * Whether it still waits: to be asked after reading the caller's memory (/proc/PID/mem) and before believing it, since a
   * signal may have ended the call and another process may have got the number.
   */
  isWaiting(): boolean;
}

/**
 * Answers the calls that a filter asks about, until the returned function is called or no process has the filter any more.
 * A handler that throws, or returns what is no answer, denies the call with EPERM, and the error goes to `onError`.
 *
 * `'continue'` is no security decision: the kernel reads the arguments again, and another thread may have changed what
 * they point to.
 * @see seccomp_unotify(2)
 */
export function listen(fd: number, handler: SyscallHandler, onError: (error: unknown) => void): () => void {
  let open = true;
  const close = (): void => {
    if (!open) return;
    open = false;
    stop();
    closeFd(fd);
  };
  const hear = async (notification: Notification): Promise<void> => {
    const { id } = notification;
    let answer = writeAnswer(id, { errno: 'EPERM' });
    try {
      answer = writeAnswer(id, await handler({ ...notification, isWaiting: () => open && isWaiting(fd, id) }));
    } catch (error) {
      onError(error);
    }
    if (open) send(fd, answer);
  };
  const stop = libc().onReadable(fd, () => {
    if (!open) return;
    // Readable or hung up; a receive without a notification would block this whole process.
    if (!isReadable(fd)) return close();
    const notification = receive(fd);
    if (notification) void hear(notification);
  });
  return close;
}

/** `undefined` when the caller was killed before it was heard. */
function receive(fd: number): Notification | undefined {
  const bytes = new Uint8Array(NOTIFICATION_BYTES);
  try {
    ioctlBytes(fd, IOCTL.SECCOMP_IOCTL_NOTIF_RECV, bytes);
    return readNotification(bytes);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EINTR')) return undefined;
    throw error;
  }
}

/** A caller that is gone needs no answer. */
function send(fd: number, bytes: Uint8Array): void {
  try {
    ioctlBytes(fd, IOCTL.SECCOMP_IOCTL_NOTIF_SEND, bytes);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}

function isWaiting(fd: number, id: bigint): boolean {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, id, true);
  try {
    ioctlBytes(fd, IOCTL.SECCOMP_IOCTL_NOTIF_ID_VALID, bytes);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}
