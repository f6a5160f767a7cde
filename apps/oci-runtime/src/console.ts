import { ConsoleListener } from '@coracle/container/detached';
import { type AttachedTerminal, attachTerminal } from '@coracle/container/terminal';
import { UsageError } from './command-line.ts';

/** This process's terminal, for a container that it stays with. */
export class Console {
  readonly #listener = new ConsoleListener();
  #attached: AttachedTerminal | undefined;

  /** The socket that the container's terminal is to be sent to. */
  get path(): string {
    return this.#listener.path;
  }

  /** Shows the terminal that has come. */
  connect(): void {
    const master = this.#listener.take();
    if (master === undefined) return;
    const onHangUp = (): void => process.exit(1);
    this.#attached = attachTerminal(master, { input: process.stdin, output: process.stdout, onHangUp });
  }

  /** Resolves when all that was written on the terminal has been shown. */
  async finish(): Promise<void> {
    await this.#attached?.finished;
  }

  close(): void {
    this.#attached?.restore();
    this.#listener[Symbol.dispose]();
  }
}

/** Who waits for the end shows the terminal himself. */
export function refuseConsoleSocket(): UsageError {
  return new UsageError(
    'cannot use a console socket if the command does not detach',
    'add --detach, or leave --console-socket out',
  );
}
