import type { Readable, Writable } from 'node:stream';
import type { ReadStream, WriteStream } from 'node:tty';
import { isErrno } from '@coracle/errors';
import { duplicateFd } from '@coracle/syscalls';
import type { LifeOptions } from '../container.ts';
import type { TerminalSize } from '../options/options.ts';
import { applySettings, readSettings, resize } from './settings.ts';

/** Loaded here, with Node's streams behind it, since whoever starts a container without a terminal has no use for it. */
function tty(): typeof import('node:tty') {
  return process.getBuiltinModule('node:tty');
}

const USUAL_SIZE: TerminalSize = { rows: 24, columns: 80 };
/** What a terminal takes for the end of its input. */
const END_OF_TRANSMISSION = '\x04';

/** A terminal of this process, and how it is set. */
export type CallerTerminal = NonNullable<LifeOptions['callerTerminal']>;

/** The terminal that keys come from, if they come from one, and how it is set now. */
export function terminalOf(input: Readable | undefined): CallerTerminal | undefined {
  if (!isKeyboard(input) || !('fd' in input) || typeof input.fd !== 'number') return undefined;
  return { fd: input.fd, settings: readSettings(input.fd) };
}

/** Whether what is read is typed on a terminal. */
function isKeyboard(input: Readable | undefined): input is ReadStream {
  return input instanceof tty().ReadStream && input.isTTY;
}

/** Whether what is shown is shown on a terminal. Bun's standard output is of that class wherever it goes. */
export function isTerminal(output: Writable): output is WriteStream {
  return output instanceof tty().WriteStream && output.isTTY;
}

/** How large what is shown may be. */
export function sizeOf(output: Writable): TerminalSize {
  return isTerminal(output) && output.rows > 0 ? { rows: output.rows, columns: output.columns } : USUAL_SIZE;
}

/** The terminal may be gone by now, closed by its window. */
export function restoreSettings({ fd, settings }: CallerTerminal): void {
  try {
    applySettings(fd, settings);
  } catch (error) {
    if (!isErrno(error, 'EIO', 'EBADF', 'ENOTTY')) throw error;
  }
}

/**
 * Copies both ways until the inside has been closed by everyone.
 * @param master the outer side of the container's terminal, which is closed at the end
 * @param ends `onHangUp` is called when a terminal that keys come from is closed
 */
export function connectTerminal(
  master: number,
  { input, output, onHangUp }: { input: Readable | undefined; output: Writable; onHangUp: () => void },
): { finished: Promise<void> } {
  const screen = new (tty().ReadStream)(master);
  const keyboard = keyboardOf(screen, master);
  const onKeys = (keys: Buffer): void => {
    keyboard.write(keys);
  };
  const onInputEnd = (): void => {
    // A terminal that was closed takes its container along; a file that was read to its end only ends the input.
    if (isKeyboard(input)) onHangUp();
    else keyboard.write(END_OF_TRANSMISSION);
  };
  const onResize = (): void => {
    resizeQuietly(master, sizeOf(output));
  };
  input?.on('data', onKeys);
  input?.on('end', onInputEnd);
  output.on('resize', onResize);
  const finished = new Promise<void>((resolve) => {
    // EIO is how the outer side learns that nobody holds the inner one any more.
    screen.on('error', () => resolve());
    screen.on('close', () => resolve());
    screen.on('end', () => resolve());
    screen.on('data', (bytes) => output.write(bytes));
  }).finally(() => {
    input?.off('data', onKeys);
    input?.off('end', onInputEnd);
    input?.pause();
    output.off('resize', onResize);
    screen.destroy();
    keyboard.destroy();
  });
  return { finished };
}

/** Where keys go in: where what is shown comes out, but Bun cannot write to what it reads. */
function keyboardOf(screen: Writable | Readable, master: number): Writable {
  return 'write' in screen ? screen : new (tty().WriteStream)(duplicateFd(master, 0));
}

function resizeQuietly(master: number, size: TerminalSize): void {
  try {
    resize(master, size);
  } catch (error) {
    if (!isErrno(error, 'EIO', 'EBADF')) throw error;
  }
}
