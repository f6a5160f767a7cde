import { SystemError } from '@coracle/errors';
import { closeFd } from '@coracle/syscalls';
import { sendDescriptor } from './send-descriptor.ts';

/** What comes with the descriptor, as from other runtimes: the device that made it. */
const NAME = '/dev/ptmx';

/**
 * Passes the outer side of a terminal on to who asked for it, over a socket that he listens on.
 * @param path of the socket
 * @param master what the container has sent, if it has; it is closed
 * @throws SystemError ENOENT, ECONNREFUSED when nobody listens there, EIO where there is no terminal
 * @see unix(7) SCM_RIGHTS
 */
export function sendTerminal(path: string, master: number | undefined): void {
  if (master === undefined)
    throw new SystemError({ code: 'EIO', syscall: 'recvmsg', text: 'the container has opened no terminal' });
  try {
    sendDescriptor(path, { fd: master, words: NAME });
  } finally {
    closeFd(master);
  }
}

/**
 * Says whether a terminal and a console socket go together.
 * @throws SystemError EINVAL when one of them is there without the other
 */
export function checkConsoleSocket({
  terminal,
  consoleSocket,
}: {
  terminal: boolean;
  consoleSocket: string | undefined;
}): void {
  if (terminal === (consoleSocket !== undefined)) return;
  throw new SystemError({
    code: 'EINVAL',
    syscall: 'create',
    ...(terminal
      ? {
          text: 'cannot allocate tty if the command does not stay, without a console socket',
          hint: 'give --console-socket, or set process.terminal to false',
        }
      : {
          text: 'cannot use a console socket where there is no terminal',
          hint: 'set process.terminal to true, or leave --console-socket out',
        }),
  });
}
