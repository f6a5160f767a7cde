import { readFileSync } from 'node:fs';
import type { Arch } from './syscall-names.ts';

/**
 * Thrown where the platform cannot run Coracle's system calls.
 * @example
 * const isWrongMachine = (error: unknown) => error instanceof Error && error.name === 'UnsupportedPlatformError';
 */
export class UnsupportedPlatformError extends Error {
  override readonly name = 'UnsupportedPlatformError';
  readonly code = 'ERR_CORACLE_PLATFORM';
}

/**
 * Says clearly what is not supported; the facts are parameters for the tests.
 * @example
 * checkPlatform(); // 'x64'
 */
export function checkPlatform(
  { platform, arch, glibc }: { platform: string; arch: string; glibc: boolean } = {
    platform: process.platform,
    arch: process.arch,
    glibc: process.platform !== 'linux' || usesGlibc(),
  },
): Arch {
  if (platform !== 'linux')
    throw new UnsupportedPlatformError(
      `containers are a feature of the Linux kernel and this is ${platform}: use a Linux machine or virtual machine`,
    );
  if (arch !== 'x64' && arch !== 'arm64')
    throw new UnsupportedPlatformError(`this is ${arch}: Coracle runs on 64-bit x86 (x64) and 64-bit ARM (arm64)`);
  if (!glibc)
    throw new UnsupportedPlatformError(
      'this Node is built for musl, with which Coracle is not tested: use a Node built for glibc',
    );
  return arch;
}

/** A glibc process has glibc's dynamic loader among its mapped files; asking the process report instead would take 20 ms. */
function usesGlibc(): boolean {
  return !/\/ld-musl-/.test(readFileSync('/proc/self/maps', 'latin1'));
}
