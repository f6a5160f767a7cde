import { closeFd, readableWithin } from '@coracle/syscalls';

/** How long the kernel may take to end a process that was killed. */
const PATIENCE_MS = 10_000;

/**
 * Resolves when the process of a descriptor has ended, and closes the descriptor.
 * @returns whether it has; not when it takes longer than ten seconds, unless `patienceMs` says otherwise
 * @see pidfd_open(2)
 */
export async function awaitEnd(pidfd: number, patienceMs: number | undefined = PATIENCE_MS): Promise<boolean> {
  const hasEnded = await readableWithin(pidfd, patienceMs);
  closeFd(pidfd);
  return hasEnded;
}
