import type { Readable, Writable } from 'node:stream';
import { connectTerminal, isTerminal, restoreSettings, sizeOf, terminalOf } from './connect-terminal.ts';
import { applySettings, plainLineEnds, rawSettings, readSettings, resize } from './settings.ts';

/** A terminal inside that is shown outside. */
export interface AttachedTerminal {
  /** Resolves when nobody inside holds it any more, and all of it was shown. */
  finished: Promise<void>;
  /** Sets the caller's terminal back; calling it twice is no error. */
  restore(): void;
}

/**
 * Connects the terminal of a container with this process's: keys, screen, window size. The caller's terminal passes everything
 * through until it is set back. Where what is shown goes to no terminal, as to a file, lines end there as the program ends them.
 * @param master the outer side of the container's terminal, which is closed at the end
 * @param ends where keys come from and what is shown; `onHangUp` is called when the terminal that keys come from is closed
 * @see pty(7)
 */
export function attachTerminal(
  master: number,
  { input, output, onHangUp }: { input: Readable; output: Writable; onHangUp: () => void },
): AttachedTerminal {
  const keyboard = terminalOf(input);
  const restore = (): void => {
    process.off('exit', restore);
    if (keyboard) restoreSettings(keyboard);
  };
  process.once('exit', restore);
  if (keyboard) applySettings(keyboard.fd, rawSettings(keyboard.settings));
  resize(master, sizeOf(output));
  if (!isTerminal(output)) applySettings(master, plainLineEnds(readSettings(master)));
  return { ...connectTerminal(master, { input, output, onHangUp }), restore };
}
