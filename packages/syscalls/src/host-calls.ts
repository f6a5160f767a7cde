import { errnoName, errnoNumber, isErrno, SystemError } from '@coracle/errors';
import type { Struct } from './arg.ts';
import { AF, F, FILE_LOCK, IOCTL, LANDLOCK, LOCK, MSG, POLL, SHUT, SOCK } from './constants.ts';
import { isLoaded, libc } from './libc.ts';
import { type FileRange, fdMessage, fileLock, pollFds, unixAddress } from './structs.ts';
import { type SyscallName, syscallNumber } from './syscall-names.ts';

/**
 * The few system calls the host process itself makes around a container: sockets, pipes, locks, signals. Each is one
 * call through the C library with an error of the usual family.
 */

/** One system call of the host process. */
export function call(
  name: SyscallName,
  args: (number | bigint)[],
  about: { path?: string; detail?: string; step?: string } = {},
): number {
  const { arch, syscall } = libc();
  const result = syscall(syscallNumber(name, arch) ?? -1, ...args);
  if (result < 0) throw new SystemError({ code: errnoName(result) ?? 'EINVAL', syscall: name, ...about });
  return result;
}

function pair(
  name: 'socketpair' | 'pipe2',
  args: (pointer: bigint) => (number | bigint)[],
  step: string,
): [number, number] {
  const fds = new Int32Array(2);
  call(name, args(libc().addressOf(new Uint8Array(fds.buffer))), { step });
  return [fds[0] ?? -1, fds[1] ?? -1];
}

/**
 * Two connected stream sockets, close-on-exec.
 * @throws SystemError EMFILE or ENFILE when descriptors are used up
 * @see socketpair(2)
 * @example
 * const [ours, theirs] = socketPair();
 */
export function socketPair(): [number, number] {
  return pair(
    'socketpair',
    (fds) => [AF.AF_UNIX, SOCK.SOCK_STREAM | SOCK.SOCK_CLOEXEC, 0, fds],
    'make a pair of sockets to the agent',
  );
}

/**
 * A pipe, close-on-exec: the read end and the write end.
 * @throws SystemError EMFILE or ENFILE when descriptors are used up
 * @see pipe2(2)
 * @example
 * const [readEnd, writeEnd] = pipe();
 */
export function pipe(): [number, number] {
  const O_CLOEXEC = 0x80000;
  return pair('pipe2', (fds) => [fds, O_CLOEXEC], 'make a pipe');
}

let release: string | undefined;

/**
 * The release of the running kernel, as `uname -r` prints it; asked for once.
 * @see uname(2)
 * @example
 * kernelRelease(); // '6.12.8-amd64'
 */
export function kernelRelease(): string {
  release ??= askForRelease();
  return release;
}

function askForRelease(): string {
  const FIELD = 65; // of struct utsname: sysname, nodename, release ...
  const names = Buffer.alloc(6 * FIELD);
  call('uname', [libc().addressOf(names)]);
  return names.toString('latin1', 2 * FIELD, names.indexOf(0, 2 * FIELD));
}

/**
 * The version of Landlock that the kernel has; 0 where it has none, or where it is not switched on.
 * @see landlock_create_ruleset(2) LANDLOCK_CREATE_RULESET_VERSION
 * @example
 * const hasScopes = landlockVersion() >= 6;
 */
export function landlockVersion(): number {
  const { arch, syscall } = libc();
  return Math.max(
    0,
    syscall(syscallNumber('landlock_create_ruleset', arch) ?? -1, 0, 0, LANDLOCK.LANDLOCK_CREATE_RULESET_VERSION),
  );
}

/**
 * An ioctl(2) that reads or fills a structure.
 * @param bytes the structure, changed in place
 * @throws SystemError with the errno's name
 * @example
 * ioctlBytes(listener, 0xc0502100, notification);
 */
export function ioctlBytes(fd: number, request: number, bytes: Uint8Array): number {
  return call('ioctl', [fd, request, libc().addressOf(bytes)]);
}

/**
 * Whether a descriptor can be read from at once.
 * @see ppoll(2)
 * @example
 * if (isReadable(0)) process.stdin.read();
 */
export function isReadable(fd: number): boolean {
  const asked = pollFds([{ fd, events: POLL.POLLIN }]).bytes;
  const atOnce = new Uint8Array(16);
  const { addressOf } = libc();
  return call('ppoll', [addressOf(asked), 1, addressOf(atOnce), 0, 0]) > 0 && ((asked[6] ?? 0) & POLL.POLLIN) !== 0;
}

/**
 * Closes a descriptor.
 * @throws SystemError EBADF
 * @see close(2)
 * @example
 * closeFd(fd);
 */
export function closeFd(fd: number): void {
  call('close', [fd]);
}

/**
 * A duplicate that is at least `minimum`, close-on-exec.
 * @throws SystemError EMFILE when descriptors are used up, or can never be so high; EBADF for one that is not open
 * @see fcntl(2) F_DUPFD_CLOEXEC
 * @example
 * const copy = duplicateFd(fd, 64);
 */
export function duplicateFd(fd: number, minimum = 0): number {
  try {
    return call('fcntl', [fd, F.F_DUPFD_CLOEXEC, minimum]);
  } catch (cause) {
    if (!isErrno(cause, 'EINVAL')) throw cause;
    throw new SystemError({
      code: 'EMFILE',
      syscall: 'fcntl',
      text: `the limit on open descriptors allows none above ${minimum - 1}`,
      hint: 'raise it: ulimit -n 1024',
      cause,
    });
  }
}

/**
 * Writes all bytes to a socket, waiting while it is full.
 * @throws SystemError EPIPE when nobody reads any more
 * @see sendto(2)
 */
export function sendAll(fd: number, bytes: Uint8Array): void {
  const base = libc().addressOf(bytes);
  for (let sent = 0; sent < bytes.length; ) {
    const at = base + BigInt(sent);
    sent += whenThereIsRoom(fd, () =>
      call('sendto', [fd, at, bytes.length - sent, MSG.MSG_NOSIGNAL, 0, 0], { step: 'send a program to the agent' }),
    );
  }
}

/**
 * Sends on a socket that may be full: libuv makes a descriptor it watches one that never waits, so the kernel does not.
 * @see ppoll(2)
 */
export function whenThereIsRoom<Sent>(fd: number, send: () => Sent): Sent {
  for (;;) {
    try {
      return send();
    } catch (error) {
      if (!isErrno(error, 'EAGAIN')) throw error;
      call('ppoll', [libc().addressOf(pollFds([{ fd, events: POLL.POLLOUT }]).bytes), 1, 0, 0, 0]);
    }
  }
}

/**
 * Sends open descriptors as SCM_RIGHTS (unix(7)), with bytes in the same message; with a single one if none are said.
 * @throws SystemError EBADF when one of them is not open, EPIPE when nobody reads any more, ETOOMANYREFS, EMSGSIZE when not
 *   all bytes found room
 * @see sendmsg(2)
 * @example
 * sendFds(socket, [fd]);
 */
export function sendFds(socket: number, fds: readonly number[], bytes?: Uint8Array): void {
  const header = fdMessage(fds, bytes);
  const about = { step: 'hand descriptors over' };
  const sent = call('sendmsg', [socket, placed(header), MSG.MSG_NOSIGNAL], about);
  if (bytes && sent < bytes.length) throw new SystemError({ code: 'EMSGSIZE', syscall: 'sendmsg', ...about });
}

/**
 * A stream connected to the socket at a path, close-on-exec. Neither connecting nor sending ever waits: where it would, it fails.
 * @throws SystemError ENOENT; ECONNREFUSED when nobody listens; EACCES; EAGAIN when too many wait to be accepted; EPROTOTYPE
 *   when it is no stream; ENAMETOOLONG over 107 bytes
 * @see connect(2), unix(7)
 * @example
 * const socket = connectUnix('/run/listener.sock');
 */
export function connectUnix(path: string): number {
  const address = unixAddress(path);
  if (!address) throw new SystemError({ code: 'ENAMETOOLONG', syscall: 'connect', path });
  const socket = call('socket', [AF.AF_UNIX, SOCK.SOCK_STREAM | SOCK.SOCK_CLOEXEC | SOCK.SOCK_NONBLOCK, 0], { path });
  try {
    call('connect', [socket, libc().addressOf(address.bytes), address.bytes.length], { path });
    return socket;
  } catch (error) {
    closeFd(socket);
    throw error;
  }
}

/** The address of a structure, with those of what it points at written into it. They hold while the structure is kept alive. */
function placed(struct: Struct): bigint {
  const view = new DataView(struct.bytes.buffer);
  for (const { offset, target } of struct.pointers ?? []) {
    if (isStruct(target)) view.setBigUint64(offset, placed(target), true);
  }
  return libc().addressOf(struct.bytes);
}

function isStruct(target: unknown): target is Struct {
  return typeof target === 'object' && target !== null && 'kind' in target && target.kind === 'struct';
}

/**
 * Ends one half of a connection.
 * @throws SystemError ENOTCONN
 * @see shutdown(2)
 */
export function shutdownWriting(fd: number): void {
  call('shutdown', [fd, SHUT.SHUT_WR]);
}

/**
 * Reads and throws away, waiting until the other side has closed.
 * @see recvfrom(2)
 */
export function drain(fd: number): void {
  const { arch, addressOf, syscall } = libc();
  const bytes = new Uint8Array(4096);
  const number = syscallNumber('recvfrom', arch) ?? -1;
  while (syscall(number, fd, addressOf(bytes), bytes.length, 0, 0, 0) > 0);
}

/**
 * Whether there is something to read from a socket, be it its end.
 * @see recvfrom(2) MSG_PEEK
 */
export function hasInput(socket: number): boolean {
  const { arch, addressOf, syscall } = libc();
  const byte = new Uint8Array(1);
  const look = MSG.MSG_PEEK | MSG.MSG_DONTWAIT;
  const result = syscall(syscallNumber('recvfrom', arch) ?? -1, socket, addressOf(byte), 1, look, 0, 0);
  return result !== -errnoNumber('EAGAIN');
}

/**
 * Reads what is there.
 * @returns the number of bytes, 0 at the end of the stream, `undefined` when there is nothing yet
 * @see recvfrom(2)
 */
export function receiveSome(fd: number, into: Uint8Array): number | undefined {
  const { arch, addressOf, syscall } = libc();
  const result = syscall(
    syscallNumber('recvfrom', arch) ?? -1,
    fd,
    addressOf(into),
    into.length,
    MSG.MSG_DONTWAIT,
    0,
    0,
  );
  if (result >= 0) return result;
  if (result === -errnoNumber('EAGAIN')) return undefined;
  const code = errnoName(result) ?? 'EINVAL';
  if (code === 'ECONNRESET') return 0;
  throw new SystemError({ code, syscall: 'recvfrom', step: 'read a report of the agent' });
}

/**
 * A descriptor that stands for a process and never for another that gets its number later.
 * @throws SystemError ESRCH when there is no such process
 * @see pidfd_open(2) (since Linux 5.3)
 * @example
 * const pidfd = pidfdOpen(agent.pid);
 */
export function pidfdOpen(pid: number): number {
  return call('pidfd_open', [pid, 0], { detail: `pid ${pid}` });
}

/**
 * Sends a signal to the process of a pidfd.
 * @throws SystemError ESRCH when it has ended
 * @see pidfd_send_signal(2)
 * @example
 * pidfdSendSignal(pidfd, 15);
 */
export function pidfdSendSignal(pidfd: number, signal: number): void {
  call('pidfd_send_signal', [pidfd, signal, 0, 0], { detail: `signal ${signal}` });
}

/**
 * Waits for a child that {@link Libc.spawn} started and that is about to end; libuv reaps only its own.
 * @see wait4(2)
 * @example
 * reap(agent.pid);
 */
export function reap(pid: number): void {
  const { arch, syscall } = libc();
  syscall(syscallNumber('wait4', arch) ?? -1, pid, 0, 0, 0);
}

/**
 * Takes the exclusive lock of an open file without waiting.
 * @returns whether we have it; the kernel lets go of it when the last descriptor of the open file is closed
 * @see flock(2)
 * @example
 * if (!tryLock(fd)) throw new Error('somebody holds it');
 */
export function tryLock(fd: number): boolean {
  const { arch, syscall } = libc();
  return syscall(syscallNumber('flock', arch) ?? -1, fd, LOCK.LOCK_EX | LOCK.LOCK_NB) === 0;
}

/**
 * Whether somebody else has a lock on any of these bytes of an open file that keeps one from getting this lock, see {@link fileLock}.
 * @param range in bytes from the beginning of the file
 * @throws SystemError EBADF for a descriptor that is not open
 * @see fcntl(2) F_OFD_GETLK
 * @example
 * if (isLocked(fd, { start: 0, length: 1 })) console.log('the first byte is taken');
 */
export function isLocked(fd: number, range: FileRange): boolean {
  const { bytes } = fileLock(range);
  call('fcntl', [fd, F.F_OFD_GETLK, libc().addressOf(bytes)], { step: 'look who has a lock' });
  return new DataView(bytes.buffer).getInt16(0, true) !== FILE_LOCK.F_UNLCK;
}

/**
 * Whether a descriptor is a terminal, as isatty(3): `node:tty` would load all of Node's streams to tell.
 * @example
 * if (isTerminal(1)) console.log('somebody is looking');
 */
export function isTerminal(fd: number): boolean {
  const { arch, addressOf, syscall } = libc();
  const settings = new Uint8Array(64);
  return syscall(syscallNumber('ioctl', arch) ?? -1, fd, IOCTL.TCGETS, addressOf(settings)) === 0;
}

/**
 * Bytes nobody can guess; see getrandom(2). `node:crypto` would take as long to load as a container to start.
 * @example
 * Buffer.from(randomBytes(6)).toString('hex'); // 'c0ffee123456'
 */
export function randomBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const base = libc().addressOf(bytes);
  for (let filled = 0; filled < length; ) {
    filled += call('getrandom', [base + BigInt(filled), length - filled, 0]);
  }
  return bytes;
}

/**
 * Ends this process as _exit(2) does: Node would first take its heap and its threads apart piece by piece, which takes about as
 * long as a container's start. Listeners of 'exit' are not called, and what is still to be written is lost; a process that
 * never loaded the C library goes on.
 * @param code the exit code
 * @see exit_group(2)
 * @example
 * process.once('beforeExit', () => process.on('exit', endAtOnce));
 */
export function endAtOnce(code: number): void {
  if (!isLoaded()) return;
  // All of this was used before, so that nothing is loaded for it.
  const { arch, syscall } = libc();
  syscall(syscallNumber('exit_group', arch) ?? -1, code);
}
