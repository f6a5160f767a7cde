import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { SystemError } from '@coracle/errors';

/**
 * Who one is the kernel tells the bus: an id is left out, as in a user namespace the own one is another than the bus is told.
 * @see the D-Bus specification, "Authentication Protocol"
 */
const GREETING = '\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n';

/** What a client greets the bus with that names its own id. */
const ITS_GREETING = /^\0AUTH EXTERNAL \w*\r\nBEGIN\r\n$/;

/**
 * Connects to a message bus and has it let this process in.
 * @param path of its socket
 * @returns for a client that greets the bus by its own id: the greeting is answered here, all else goes to the bus
 * @throws the error of connect(2); SystemError EACCES when the bus does not let this user in, ECONNRESET when it hangs up
 */
export async function greetBus(path: string): Promise<Duplex> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    socket.write(GREETING, 'latin1');
    await answerOf(socket);
    return new Greeted(socket);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Reads the lines before the messages, of which the last is the word OK and a number of the bus. */
async function answerOf(socket: Socket): Promise<void> {
  let received = '';
  for await (const bytes of socket.iterator({ destroyOnReturn: false })) {
    received += Buffer.from(bytes).toString('latin1');
    const refusal = /^(?:REJECTED|ERROR).*/m.exec(received);
    if (refusal) throw notLetIn(refusal[0].trim());
    // The bus says no more until it is asked for something.
    if (/^OK .*\r\n$/m.test(received)) return;
  }
  throw hungUp();
}

/** A stream to a bus that has let this process in, for a client that asks to be let in all the same. */
class Greeted extends Duplex {
  readonly #socket: Socket;
  #greeting = '';
  #isGreeted = false;

  constructor(socket: Socket) {
    super();
    this.#socket = socket;
    socket.on('data', (bytes) => {
      if (!this.push(bytes)) socket.pause();
    });
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  /** As of a socket, which is what clients take this for. */
  setNoDelay(): this {
    return this;
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#isGreeted) this.#socket.write(bytes, done);
    else this.#answer(bytes, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  #answer(bytes: Buffer, done: (error?: Error | null) => void): void {
    this.#greeting += bytes.toString('latin1');
    if (ITS_GREETING.test(this.#greeting)) this.#isGreeted = true;
    else if (this.#greeting.endsWith('\r\n')) this.push('OK 0\r\n');
    done();
  }
}

function notLetIn(line: string): SystemError {
  return new SystemError({
    code: 'EACCES',
    syscall: 'AUTH EXTERNAL',
    text: `the message bus does not let this user in: ${line}`,
  });
}

function hungUp(): SystemError {
  return new SystemError({ code: 'ECONNRESET', syscall: 'AUTH EXTERNAL', text: 'the message bus has hung up' });
}
