import { closeFd, connectUnix, sendFds } from '@coracle/syscalls';

/**
 * Passes a descriptor on to who listens on a socket; this process keeps its own.
 * @param descriptor with the words that come with it
 * @throws SystemError ENOENT, ECONNREFUSED when nobody listens there
 * @see unix(7) SCM_RIGHTS
 */
export function sendDescriptor(path: string, { fd, words }: { fd: number; words: string }): void {
  const socket = connectUnix(path);
  try {
    sendFds(socket, [fd], Buffer.from(words));
  } finally {
    closeFd(socket);
  }
}
