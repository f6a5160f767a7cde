import { openLibc } from './open-libc.ts';
import type { Arch } from './syscall-names.ts';

/**
 * The way into the C library: what the host side needs of it and nothing more. Behind this interface stands koffi; another
 * foreign-function interface is another open-libc.ts.
 */
export interface Libc {
  arch: Arch;
  /** syscall(2) with up to six arguments. Returns the result, or the errno as a negative number. */
  syscall(number: number, ...args: (number | bigint)[]): number;
  /** The address of a buffer's first byte. Valid as long as the buffer is kept alive. */
  addressOf(bytes: Uint8Array): bigint;
  /** posix_spawn(3). Returns the process id, or the errno as a negative number. */
  spawn(options: SpawnOptions): number;
  /** Calls back whenever the descriptor can be read or was hung up; returns a function that ends this. */
  onReadable(fd: number, callback: () => void): () => void;
}

/** A process started with {@link Libc.spawn}: in its own session, all signals at their defaults and unblocked. */
export interface SpawnOptions {
  path: string;
  argv: readonly string[];
  env: readonly string[];
  /** Descriptor n of the new process is this descriptor of ours. All others with close-on-exec are closed. */
  fds: readonly number[];
}

let loaded: Libc | undefined;

/**
 * The C library of this process, loaded at the first call.
 * @throws {UnsupportedPlatformError} elsewhere than on Linux with glibc on x86-64 or arm64
 * @example
 * libc().syscall(39); // getpid on x86-64
 */
export function libc(): Libc {
  loaded ??= openLibc();
  return loaded;
}

/**
 * Whether {@link libc} was called before, so that a call through it costs no loading.
 * @example
 * if (isLoaded()) closeFd(3);
 */
export function isLoaded(): boolean {
  return loaded !== undefined;
}
