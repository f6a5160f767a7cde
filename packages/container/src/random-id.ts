import { randomBytes } from '@coracle/syscalls';

/** An id for a container, as Docker writes them in short: 12 hexadecimal digits that nobody can guess. */
export function randomId(): string {
  return Buffer.from(randomBytes(6)).toString('hex');
}
