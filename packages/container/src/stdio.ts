import { closeSync, constants, existsSync, openSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { pipe } from '@coracle/syscalls';
import type { Stdio } from './launch.ts';
import { OptionError } from './options/option-error.ts';

/** What a container's input, output or error output is: a pipe to this program, nothing, this program's own, or a descriptor. */
export type StdioOption = 'pipe' | 'ignore' | 'inherit' | number;

/** What a container writes: as lines, as a stream of bytes, or all of it as text; one of them. */
export class Output implements AsyncIterable<string> {
  /** The bytes as they come. */
  readonly stream: Readable;

  constructor(stream: Readable) {
    this.stream = stream;
  }

  /** The lines, without their ends. */
  async *[Symbol.asyncIterator](): AsyncIterator<string> {
    const { createInterface } = process.getBuiltinModule('node:readline');
    yield* createInterface({ input: this.stream, crlfDelay: Number.POSITIVE_INFINITY });
  }

  /** Everything up to the end. */
  async text(): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.stream) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  }
}

/** Our end of a pipe. A stream is made of it when that is first asked for: by then the container is on its way. */
class OurEnd {
  readonly #fd: number;
  readonly #isInput: boolean;
  #stream: Socket | undefined;

  constructor(fd: number, { isInput }: { isInput: boolean }) {
    this.#fd = fd;
    this.#isInput = isInput;
  }

  get stream(): Socket {
    this.#stream ??= this.#connect();
    return this.#stream;
  }

  #connect(): Socket {
    // Loaded here, since a command that pipes nothing has no use for it.
    const { Socket } = process.getBuiltinModule('node:net');
    const socket = new Socket({ fd: this.#fd, readable: !this.#isInput, writable: this.#isInput });
    // A program that ends without reading all its input is no failure of ours.
    if (this.#isInput) socket.on('error', () => {});
    return socket;
  }

  close(): void {
    if (this.#stream) this.#stream.destroy();
    else closeSync(this.#fd);
  }
}

/** Our ends of a container's pipes, and what the container is given. */
export interface OpenedStdio {
  /** To be given to the container, then to be closed with `release`. */
  fds: Stdio;
  readonly stdin: Writable | undefined;
  readonly stdout: Output | undefined;
  readonly stderr: Output | undefined;
  /** Closes the container's ends in this process: they are the container's alone now. */
  release(): void;
  /** Closes our ends, when there is no container after all. */
  discard(): void;
}

/**
 * Refuses a directory: with it a program could open all that lies below, and above, on the host.
 * @throws {OptionError}
 */
function noDirectory(fd: number, index: number): number {
  const name = ['stdin', 'stdout', 'stderr'][index] ?? '';
  if (isDirectory(fd))
    throw new OptionError(
      name,
      `${name} is a directory: the program in the container could open all of the host through it`,
      'redirect it from or to a file, such as /dev/null',
    );
  return fd;
}

/** Asked by its path, for which Node makes no object: every start asks. A descriptor that is not open is told of by who makes the container. */
function isDirectory(fd: number): boolean {
  return existsSync(`/proc/self/fd/${fd}/`);
}

/**
 * Opens what a container's input and output need.
 * @throws SystemError EMFILE when descriptors are used up; {@link OptionError} for a directory
 */
export function openStdio(options: readonly [StdioOption, StdioOption, StdioOption]): OpenedStdio {
  const ours: OurEnd[] = [];
  const theirs: number[] = [];
  const open = (option: StdioOption, index: number): { fd: number; end?: OurEnd } => {
    if (option === 'inherit') return { fd: noDirectory(index, index) };
    if (typeof option === 'number') return { fd: noDirectory(option, index) };
    if (option === 'ignore') {
      const fd = openSync('/dev/null', constants.O_RDWR);
      theirs.push(fd);
      return { fd };
    }
    const [readEnd, writeEnd] = pipe();
    const isInput = index === 0;
    const fd = isInput ? readEnd : writeEnd;
    theirs.push(fd);
    const end = new OurEnd(isInput ? writeEnd : readEnd, { isInput });
    ours.push(end);
    return { fd, end };
  };
  const release = (): void => {
    for (const fd of theirs.splice(0)) closeSync(fd);
  };
  const discard = (): void => {
    release();
    for (const end of ours.splice(0)) end.close();
  };
  try {
    const [stdin, stdout, stderr] = [open(options[0], 0), open(options[1], 1), open(options[2], 2)];
    const outputOf = ({ end }: { end?: OurEnd }): Output | undefined => end && new Output(end.stream);
    return {
      fds: [stdin.fd, stdout.fd, stderr.fd],
      get stdin() {
        return stdin.end?.stream;
      },
      get stdout() {
        return outputOf(stdout);
      },
      get stderr() {
        return outputOf(stderr);
      },
      release,
      discard,
    };
  } catch (error) {
    discard();
    throw error;
  }
}
