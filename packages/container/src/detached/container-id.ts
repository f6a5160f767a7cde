import { SystemError } from '@coracle/errors';

/** As long as a name of a file may be: the id is that of a directory. */
const MAX_LENGTH = 255;

/**
 * Says whether a text can be the id of a container: letters, digits and `_ + . -`, and neither `.` nor `..`, since it is the name
 * of a directory.
 * @throws SystemError EINVAL with what is allowed
 * @example
 * checkId('web-1');
 */
export function checkId(id: string): void {
  if (/^[\w+.-]+$/.test(id) && id !== '.' && id !== '..' && id.length <= MAX_LENGTH) return;
  throw new SystemError({
    code: 'EINVAL',
    syscall: 'create',
    path: id,
    text: 'this cannot be the id of a container',
    hint: `use letters, digits and _ + . - (at most ${MAX_LENGTH} characters)`,
  });
}
