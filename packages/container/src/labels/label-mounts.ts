import { close, flags, OPEN, openat2, RESOLVE, resultOf, type Step, step } from '@coracle/syscalls';

/**
 * Mount options with the one that gives all files in a new file system a SELinux label. The kernel takes one such option alone:
 * whoever names one for a mount means it.
 * @see mount(8), "context="
 */
export function withContext(options: readonly string[], label: string | undefined): readonly string[] {
  return !label || options.some((option) => /^\w*context=/.test(option)) ? options : [...options, `context=${label}`];
}

/**
 * Steps that give a SELinux label to the top of a mount that is not attached yet; what is made in it has the same type then.
 * It is left as it is where the policy has no labels for the file system, and in a user namespace, to which the top does
 * not belong.
 * @param mount name of the result that holds the mount
 * @see setxattr(2)
 */
export function labelTop(mount: string, label: string): Step[] {
  const why = `give it the SELinux label ${label}`;
  const top = resultOf('top');
  return [
    openat2(
      {
        dir: resultOf(mount),
        path: '.',
        flags: flags(OPEN, 'O_RDONLY', 'O_DIRECTORY', 'O_CLOEXEC'),
        resolve: flags(RESOLVE, 'RESOLVE_BENEATH', 'RESOLVE_NO_XDEV'),
      },
      { why, result: 'top' },
    ),
    step('fsetxattr', [top, 'security.selinux', label, Buffer.byteLength(label), 0], {
      why,
      tolerate: ['EOPNOTSUPP', 'EPERM'],
    }),
    close(top, why),
  ];
}
