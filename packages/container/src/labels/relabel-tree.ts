import { SystemError } from '@coracle/errors';
import { step } from '@coracle/syscalls';
import { take, walkTree } from '../idmapped/walk-tree.ts';
import type { LabelledTree } from './labelled-trees.ts';

/**
 * Gives a tree of the host a SELinux label, file by file, see `walkTree`. A file system without labels is left as it is.
 * @throws SystemError for the first file that the system refuses
 * @see setxattr(2), selinux(8)
 */
export async function relabelTree({ source, label }: LabelledTree): Promise<void> {
  const why = `give ${source} and all in it the SELinux label ${label}`;
  try {
    await walkTree(source, {
      why,
      // A descriptor that only names a file (O_PATH) takes no attributes; the way through /proc is to that very file, a link too.
      visit: ({ fd }) =>
        take(
          step('setxattr', [`/proc/self/fd/${fd}`, 'security.selinux', label, Buffer.byteLength(label), 0], {
            why,
            tolerate: ['EOPNOTSUPP'],
          }),
        ),
    });
  } catch (cause) {
    if (!(cause instanceof SystemError)) throw cause;
    const { code, syscall } = cause;
    throw new SystemError({
      ...{ code, syscall, path: source, step: why, cause },
      hint: 'only their owner, or root, labels files, and the policy must let him: leave z and Z out, or run as root',
    });
  }
}
