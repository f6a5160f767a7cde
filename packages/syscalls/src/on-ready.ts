import { EPOLL } from './constants.ts';
import { call, closeFd } from './host-calls.ts';
import { libc } from './libc.ts';

/**
 * A counter that other processes or the kernel can raise, close-on-exec; reading it does not wait.
 * @throws SystemError EMFILE or ENFILE when descriptors are used up
 * @see eventfd(2)
 * @example
 * const fd = eventfd();
 * const stop = onReady(fd, 'readable', () => console.log('raised'));
 */
export function eventfd(): number {
  const [EFD_NONBLOCK, EFD_CLOEXEC] = [0x800, 0x80000];
  return call('eventfd2', [0, EFD_NONBLOCK | EFD_CLOEXEC], { step: 'make a counter of events' });
}

/**
 * Calls back whenever a descriptor can be read, or has an exceptional condition (`POLLPRI`), such as a trigger of pressure that
 * was met; also when it has failed. Keeps the process alive as long as it lasts.
 * @returns what ends it; to be called before the descriptor is closed
 * @throws SystemError EMFILE or ENFILE when descriptors are used up, EPERM for a descriptor that is always ready: a plain file
 * @see poll(2), epoll(7)
 * @example
 * function once(fd: number, callback: () => void) {
 *   const stop = onReady(fd, 'priority', () => {
 *     stop();
 *     callback();
 *   });
 * }
 */
export function onReady(fd: number, what: 'readable' | 'priority', callback: () => void): () => void {
  if (what === 'readable') return libc().onReadable(fd, callback);
  // Libuv's poll of koffi knows no priority; an epoll that waits for it can be read when it is there.
  const epoll = call('epoll_create1', [EPOLL.EPOLL_CLOEXEC], { step: 'wait for a descriptor' });
  try {
    const event = new Uint32Array([EPOLL.EPOLLPRI, 0, 0, 0]);
    const pointer = libc().addressOf(new Uint8Array(event.buffer));
    call('epoll_ctl', [epoll, EPOLL.EPOLL_CTL_ADD, fd, pointer], { step: 'wait for a descriptor' });
    const stop = libc().onReadable(epoll, callback);
    return () => {
      stop();
      closeFd(epoll);
    };
  } catch (error) {
    closeFd(epoll);
    throw error;
  }
}
