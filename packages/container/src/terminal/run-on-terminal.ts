import type { Readable, Writable } from 'node:stream';
import { isErrno } from '@coracle/errors';
import { Container, type LifeOptions } from '../container.ts';
import type { ContainerOptions, TerminalSize } from '../options.ts';
import type { Result } from '../result.ts';
import { applySettings, rawSettings, readSettings, resize } from './settings.ts';

/** Loaded here, with Node's streams behind it, since whoever starts a container without a terminal has no use for it. */
function tty(): typeof import('node:tty') {
  return process.getBuiltinModule('node:tty');
}

/** What the container's terminal is connected to. */
export interface TerminalEnds {
  /** Where keys come from; `undefined`: nowhere. */
  input: Readable | undefined;
  output: Writable;
  /** Called when the container runs. */
  onStart?: (container: Container) => void;
}

const USUAL_SIZE: TerminalSize = { rows: 24, columns: 80 };
/** What a terminal takes for the end of its input. */
const END_OF_TRANSMISSION = '\x04';

/**
 * Runs a container with a terminal of its own, connected to the caller's: keys, screen, window size.
 *
 * While it runs the caller's terminal passes everything through; it is set back at the end whatever happens, even when
 * this process is killed.
 * @throws what {@link Container.run} throws
 * @example
 * await runOnTerminal({ command: ['bash'] }, { input: process.stdin, output: process.stdout });
 */
export async function runOnTerminal(
  options: Omit<ContainerOptions, 'terminal'> & LifeOptions,
  { input, output, onStart }: TerminalEnds,
): Promise<Result> {
  const keyboard = terminalOf(input);
  const container = await Container.run({
    ...options,
    terminal: sizeOf(output),
    ...(keyboard ? { callerTerminal: keyboard } : {}),
  });
  const restore = (): void => {
    if (keyboard) restoreSettings(keyboard);
  };
  const master = container.takeTerminal();
  onStart?.(container);
  process.once('exit', restore);
  try {
    if (keyboard) applySettings(keyboard.fd, rawSettings(keyboard.settings));
    if (master === undefined) return await container.wait();
    const shown = connect(master, { input, output, container });
    const result = await container.wait();
    await shown.finished;
    return result;
  } finally {
    restore();
    process.off('exit', restore);
  }
}

type CallerTerminal = NonNullable<LifeOptions['callerTerminal']>;

/** The terminal that keys come from, if they come from one, and how it is set now. */
function terminalOf(input: Readable | undefined): CallerTerminal | undefined {
  if (!(input instanceof tty().ReadStream) || !('fd' in input) || typeof input.fd !== 'number') return undefined;
  return { fd: input.fd, settings: readSettings(input.fd) };
}

function sizeOf(output: Writable): TerminalSize {
  return output instanceof tty().WriteStream && output.rows > 0
    ? { rows: output.rows, columns: output.columns }
    : USUAL_SIZE;
}

/** The terminal may be gone by now, closed by its window. */
function restoreSettings({ fd, settings }: CallerTerminal): void {
  try {
    applySettings(fd, settings);
  } catch (error) {
    if (!isErrno(error, 'EIO', 'EBADF', 'ENOTTY')) throw error;
  }
}

/** Copies both ways until the inside has been closed by everyone. */
function connect(
  master: number,
  { input, output, container }: { input: Readable | undefined; output: Writable; container: Container },
): { finished: Promise<void> } {
  const screen = new (tty().ReadStream)(master);
  const onKeys = (keys: Buffer): void => {
    screen.write(keys);
  };
  const onInputEnd = (): void => {
    // A terminal that was closed takes its container along; a file that was read to its end only ends the input.
    if (input instanceof tty().ReadStream) container.kill();
    else screen.write(END_OF_TRANSMISSION);
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
  });
  return { finished };
}

function resizeQuietly(master: number, size: TerminalSize): void {
  try {
    resize(master, size);
  } catch (error) {
    if (!isErrno(error, 'EIO', 'EBADF')) throw error;
  }
}
