import { type Fd, type Step, setns } from '@coracle/syscalls';
import { type NamespaceType, namespaceFlags } from './namespace-type.ts';

/**
 * Steps that enter namespaces of another process, all in one call: either all are entered or none.
 *
 * A process enters a `pid` namespace with its next child only, and a `time` namespace only if it has one thread. It cannot enter
 * the `user` namespace it is in already (EINVAL): ask for it only where {@link namespaceInode} tells that the two differ. An empty
 * list gives no steps.
 *
 * Needs CAP_SYS_ADMIN in the user namespace entered or, without one, in the owner of each namespace.
 * @param target `pidfd` stands for the process, see pidfd_open(2)
 * @see setns(2) (pidfds since Linux 5.8)
 * @example
 * joinNamespaces({ pidfd: 4, namespaces: ['mount', 'pid', 'network'] });
 */
export function joinNamespaces({ pidfd, namespaces }: { pidfd: Fd; namespaces: readonly NamespaceType[] }): Step[] {
  if (namespaces.length === 0) return [];
  const what = namespaces.length === 1 ? 'namespace' : 'namespaces';
  return [
    setns(
      { fd: pidfd, flags: namespaceFlags(namespaces) },
      `enter the ${what} of the container (${namespaces.join(', ')})`,
    ),
  ];
}
