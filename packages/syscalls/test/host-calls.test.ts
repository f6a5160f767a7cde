import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  closeFd,
  duplicateFd,
  F,
  fileLock,
  flags,
  isLocked,
  isTerminal,
  kernelRelease,
  libc,
  type Outcome,
  pidfdOpen,
  pidfdSendSignal,
  pipe,
  randomBytes,
  runLocally,
  socketPair,
  step,
  tryLock,
} from '@coracle/syscalls';
import { describe, expect, test } from '@jest/globals';
import { Channel } from '../src/channel.ts';
import { receiveSome, sendAll, sendFds } from '../src/host-calls.ts';

const code = (name: string): unknown => expect.objectContaining({ name: 'SystemError', code: name });
const isCloseOnExec = (fd: number): boolean =>
  (Number.parseInt(/^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '', 8) &
    0o2000000) !==
  0;

test('the release of the kernel is what Node says it is', () => {
  expect(kernelRelease()).toBe(release());
});

test('a pipe carries bytes from its second end to its first, both closed on exec', () => {
  const [reader, writer] = pipe();
  writeSync(writer, 'through');
  const bytes = Buffer.alloc(16);
  expect(readSync(reader, bytes)).toBe(7);
  expect([isCloseOnExec(reader), isCloseOnExec(writer)]).toEqual([true, true]);
  closeFd(reader);
  closeFd(writer);
});

describe('a pair of sockets', () => {
  test('takes more than it has room for, also when it is watched and so never waits by itself', async () => {
    const [ours, theirs] = socketPair();
    const stop = libc().onReadable(ours, () => {});
    const reader = spawn('sh', ['-c', 'sleep 0.2; wc -c'], { stdio: [theirs, 'pipe', 'inherit'] });
    closeFd(theirs);
    sendAll(ours, new Uint8Array(4_000_000));
    stop();
    closeFd(ours);
    const [count] = await once(reader.stdout ?? process.stdin, 'data');
    expect(String(count)).toBe('4000000\n');
  });

  test('that is full and watched takes descriptors as soon as somebody reads', async () => {
    const [ours, theirs] = socketPair();
    const channel = new Channel(ours);
    const stop = libc().onReadable(ours, () => {});
    const full = (): number => {
      for (let sent = 0; ; sent++) {
        try {
          sendFds(ours, [0]);
        } catch (error) {
          expect(error).toMatchObject({ code: 'EAGAIN' });
          return sent;
        }
      }
    };
    const before = full();
    const reader = spawn('sh', ['-c', 'sleep 0.2; wc -c'], { stdio: [theirs, 'pipe', 'inherit'] });
    closeFd(theirs);
    channel.sendFds([0]);
    stop();
    channel.close();
    const [count] = await once(reader.stdout ?? process.stdin, 'data');
    expect(Number(String(count))).toBe(before + 1);
  });

  test('carries bytes both ways and tells nothing yet from the end', () => {
    const [left, right] = socketPair();
    const into = new Uint8Array(16);
    expect(receiveSome(left, into)).toBeUndefined();
    sendAll(right, Buffer.from('ahoy'));
    expect(receiveSome(left, into)).toBe(4);
    sendAll(left, Buffer.from('aye'));
    expect(receiveSome(right, into)).toBe(3);
    closeFd(right);
    expect(receiveSome(left, into)).toBe(0);
    expect(() => sendAll(left, into)).toThrow(code('EPIPE'));
    closeFd(left);
  });

  test('that is reset reads as ended', () => {
    const [left, right] = socketPair();
    sendAll(left, Buffer.from('never read'));
    closeFd(right);
    expect(receiveSome(left, new Uint8Array(16))).toBe(0);
    closeFd(left);
  });
});

test('who waits for a descriptor is called even after a garbage collection', () => {
  const program = fileURLToPath(new URL('programs/wait-after-collection.ts', import.meta.url));
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--expose-gc', '--conditions', '@coracle/source', '--import', 'tsx', program],
    { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' }, timeout: 50_000 },
  );
  expect(stdout + stderr).toBe('called 10 of 10\n');
}, 60_000);

test.each([
  ['after its C library was loaded', 'kernelRelease();', 7, 'out\n'],
  ['not before', '', 0, 'out\nlate\n'],
])('a process is ended at once, with its output written: %s', (_, load, status, output) => {
  const program = `import { endAtOnce, kernelRelease } from '@coracle/syscalls';
    ${load}
    console.log('out');
    process.once('beforeExit', () => { process.on('exit', () => endAtOnce(7)); process.on('exit', () => console.log('late')); });`;
  const ended = spawnSync(
    process.execPath,
    ['--conditions', '@coracle/source', '--import', 'tsx', '--input-type=module', '--eval', program],
    { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' }, cwd: import.meta.dirname, timeout: 50_000 },
  );
  expect(ended).toMatchObject({ status, stdout: output, stderr: '' });
});

test('closing what is not open is EBADF', () => {
  const [reader, writer] = pipe();
  closeFd(reader);
  closeFd(writer);
  expect(() => closeFd(writer)).toThrow(code('EBADF'));
});

test('a duplicate is the same file, high enough, closed on exec', () => {
  const fd = openSync('/dev/null', 'r');
  const copy = duplicateFd(fd, 100);
  expect(copy).toBeGreaterThanOrEqual(100);
  expect(fstatSync(copy).ino).toBe(fstatSync(fd).ino);
  expect(isCloseOnExec(copy)).toBe(true);
  closeFd(copy);
  closeSync(fd);
  expect(() => duplicateFd(fd)).toThrow(code('EBADF'));
  expect(() => duplicateFd(0, 2 ** 30)).toThrow(/EMFILE.*none above 1073741823/);
});

test('a lock is held by one open file, and free when that is closed', () => {
  const directory = mkdtempSync(join(tmpdir(), 'coracle-lock-'));
  const open = (): number => openSync(join(directory, 'lock'), 'w');
  const [first, second] = [open(), open()];
  expect(tryLock(first)).toBe(true);
  expect(tryLock(first)).toBe(true);
  expect(tryLock(second)).toBe(false);
  closeSync(first);
  expect(tryLock(second)).toBe(true);
  closeSync(second);
  rmSync(directory, { recursive: true });
});

test('the bytes of a file can be locked one by one, also those it does not have, until it is closed', () => {
  const directory = mkdtempSync(join(tmpdir(), 'coracle-lock-'));
  const open = (): number => openSync(join(directory, 'register'), 'w');
  const [ours, theirs] = [open(), open()];
  const taken = { start: 2 ** 32 + 10, length: 5 };
  const take = (fd: number, range: { start: number; length: number }): Outcome =>
    runLocally([step('fcntl', [fd, flags(F, 'F_OFD_SETLK'), fileLock(range)], 'take some bytes')]);
  expect(take(theirs, taken).failure).toBeUndefined();
  const looks = [10, 2 ** 32 + 9, 2 ** 32 + 10, 2 ** 32 + 14, 2 ** 32 + 15];
  const isTaken = (fd: number): boolean[] => looks.map((start) => isLocked(fd, { start, length: 1 }));
  expect(isTaken(ours)).toEqual([false, false, true, true, false]);
  expect(isTaken(theirs)).toEqual(looks.map(() => false)); // it is its own
  expect(() => take(ours, { start: 2 ** 32, length: 11 }).throwIfFailed()).toThrow(/EAGAIN/);
  closeSync(theirs);
  expect(isLocked(ours, { start: 0, length: 2 ** 33 })).toBe(false);
  closeSync(ours);
  expect(() => isLocked(99999, taken)).toThrow(code('EBADF'));
  rmSync(directory, { recursive: true });
});

test('a pidfd sends signals, and to nobody once the process is gone', async () => {
  const child = spawn('cat', { stdio: ['pipe', 'ignore', 'inherit'] });
  const pidfd = pidfdOpen(child.pid ?? 0);
  const ended = once(child, 'exit');
  pidfdSendSignal(pidfd, 15);
  expect(await ended).toEqual([null, 'SIGTERM']);
  expect(() => pidfdSendSignal(pidfd, 15)).toThrow(code('ESRCH'));
  closeFd(pidfd);
  expect(() => pidfdOpen(child.pid ?? 0)).toThrow(code('ESRCH'));
});

test('neither a file nor a pipe nor a closed descriptor is a terminal', () => {
  const [reader, writer] = pipe();
  const file = openSync('/dev/null', 'r');
  expect([reader, file, 99999].map(isTerminal)).toEqual([false, false, false]);
  for (const fd of [reader, writer, file]) closeFd(fd);
});

test('random bytes are as many as asked for, to the last', () => {
  expect(randomBytes(0)).toHaveLength(0);
  expect(Buffer.from(randomBytes(16)).equals(randomBytes(16))).toBe(false);
  const tail = randomBytes(100_000).subarray(-64);
  expect(tail.some((byte) => byte !== 0)).toBe(true);
});

test('nothing here leaves a descriptor open', () => {
  const before = readdirSync('/proc/self/fd').length;
  for (let index = 0; index < 100; index++) for (const fd of [...pipe(), ...socketPair()]) closeFd(fd);
  expect(readdirSync('/proc/self/fd')).toHaveLength(before);
});
