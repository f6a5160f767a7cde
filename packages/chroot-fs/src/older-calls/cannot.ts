import { SystemError } from '@coracle/errors';

/**
 * The error for what only the newer mount calls can do.
 * @param what the beginning of a sentence
 * @param reason continues "mount_setattr, which ..."
 */
export function cannot(what: string, reason: string): SystemError {
  return new SystemError({
    code: 'ENOSYS',
    syscall: 'mount_setattr',
    text: `${what} cannot be done without mount_setattr, which ${reason}`,
    hint: 'use Linux 5.12 or newer, or start the container around this with --security-opt seccomp=unconfined; `coracle doctor` shows which calls are missing',
  });
}
