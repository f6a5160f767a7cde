import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import { errnoNumber, isErrno } from '@coracle/errors';
import { AF, closeFd, connectUnix, resultOf, runLocally, SOCK, step, unixAddress } from '@coracle/syscalls';

/** The socket in the directory of a container that its start comes through. */
export const DOOR = 'door';

/**
 * Runs `work` with a path of the door that is short enough for the address of a socket, however long that of the directory is.
 * @see unix(7) sun_path
 */
function withShortPath<T>(directory: string, work: (path: string) => T): T {
  const fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    return work(join('/proc/self/fd', String(fd), DOOR));
  } finally {
    closeSync(fd);
  }
}

/**
 * A socket in a directory that others can connect to.
 * @returns its descriptor, to be closed by the caller
 * @throws SystemError EADDRINUSE when there is one already
 * @see bind(2), listen(2)
 */
export function openDoor(directory: string): number {
  const why = 'make the socket that the start comes through';
  return withShortPath(directory, (path) => {
    const address = addressOf(path);
    const outcome = runLocally([
      step('socket', [AF.AF_UNIX, SOCK.SOCK_STREAM | SOCK.SOCK_CLOEXEC, 0], { why, result: 'door' }),
      step('bind', [resultOf('door'), address, address.bytes.length], why),
      step('listen', [resultOf('door'), 2], why),
    ]);
    const door = outcome.result('door');
    if (outcome.failure && door !== undefined) closeFd(door);
    outcome.throwIfFailed();
    return door ?? -1;
  });
}

/**
 * Whether somebody listens behind the door, which is asked without a knock: a socket of another kind than the one that is there is
 * refused in another way than where there is none any more.
 * @see unix(7) EPROTOTYPE, ECONNREFUSED
 */
export function isDoorOpen(directory: string): boolean {
  const why = 'see whether the container waits for its start';
  try {
    return withShortPath(directory, (path) => {
      const address = addressOf(path);
      const outcome = runLocally({
        steps: [
          step('socket', [AF.AF_UNIX, SOCK.SOCK_DGRAM | SOCK.SOCK_CLOEXEC, 0], { why, result: 'probe' }),
          step('connect', [resultOf('probe'), address, address.bytes.length], {
            why,
            tolerate: ['EPROTOTYPE', 'ECONNREFUSED', 'ENOENT'],
          }),
        ],
        finally: [step('close', [resultOf('probe')], why)],
      });
      outcome.throwIfFailed();
      return outcome.results[1] === -errnoNumber('EPROTOTYPE');
    });
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}

/**
 * A connection to who waits behind the door.
 * @throws SystemError ECONNREFUSED, ENOENT when nobody does
 */
export function knock(directory: string): number {
  return withShortPath(directory, connectUnix);
}

function addressOf(path: string): NonNullable<ReturnType<typeof unixAddress>> {
  const address = unixAddress(path);
  if (!address) throw new TypeError(`${path} is no short path`);
  return address;
}
