import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeFd, runLocally, SOCK, step } from '@coracle/syscalls';
import { receiveDescriptor } from '../receive-descriptor.ts';
import { DOOR, openDoor } from './door.ts';

/**
 * A socket that the terminal of a container is sent to, for who has no engine to listen on one.
 * @example
 * using listener = new ConsoleListener();
 * await create(store, { id: 'shell', bundle, config, consoleSocket: listener.path });
 * const master = listener.take();
 */
export class ConsoleListener implements Disposable {
  readonly #directory: string;
  readonly #socket: number;

  constructor() {
    this.#directory = mkdtempSync(join(tmpdir(), 'coracle-console-'));
    this.#socket = openDoor(this.#directory);
  }

  /** Of the socket. */
  get path(): string {
    return join(this.#directory, DOOR);
  }

  /** The outer side of the terminal that was sent, to be closed by the caller; `undefined` when none was. */
  take(): number | undefined {
    const why = 'take the terminal of the container';
    const accepted = runLocally([
      step('accept4', [this.#socket, null, null, SOCK.SOCK_CLOEXEC | SOCK.SOCK_NONBLOCK], {
        why,
        result: 'connection',
      }),
    ]);
    const connection = accepted.result('connection');
    accepted.throwIfFailed();
    if (connection === undefined) return undefined;
    try {
      return receiveDescriptor(connection);
    } finally {
      closeFd(connection);
    }
  }

  /** Removes the socket. */
  [Symbol.dispose](): void {
    closeFd(this.#socket);
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
