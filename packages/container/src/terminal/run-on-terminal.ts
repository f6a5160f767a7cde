import type { Readable, Writable } from 'node:stream';
import { Container, type LifeOptions } from '../container.ts';
import type { ContainerOptions } from '../options/options.ts';
import type { Result } from '../result.ts';
import { connectTerminal, restoreSettings, sizeOf, terminalOf } from './connect-terminal.ts';
import { applySettings, rawSettings } from './settings.ts';
import { typeKnownInside } from './type-known-inside.ts';

/** What the container's terminal is connected to. */
export interface TerminalEnds {
  /** Where keys come from; `undefined`: nowhere. */
  input: Readable | undefined;
  output: Writable;
  /** What the caller's terminal is, as its TERM says. Programs are told so if their root knows it, and `xterm` if not. */
  type?: string | undefined;
  /** Called when the container runs. */
  onStart?: (container: Container) => void;
}

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
  { input, output, type, onStart }: TerminalEnds,
): Promise<Result> {
  const keyboard = terminalOf(input);
  const known = type === undefined ? undefined : typeKnownInside(type, options.root ?? 'host');
  const container = await Container.run({
    ...options,
    ...(known === undefined ? {} : { env: { TERM: known, ...options.env } }),
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
    const shown = connectTerminal(master, { input, output, onHangUp: () => container.kill() });
    const result = await container.wait();
    await shown.finished;
    return result;
  } finally {
    restore();
    process.off('exit', restore);
  }
}
