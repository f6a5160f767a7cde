import { cloneTree, idmappedCopyOf, type MountOptions, parseMountOptions, type RootSource } from '@coracle/chroot-fs';
import type { IdMaps } from '@coracle/namespaces';
import type { Config, Mount } from '@coracle/oci-spec';
import {
  close,
  type Flags,
  fdControlLength,
  flags,
  MSG,
  OPEN,
  openat,
  output,
  receiveHeader,
  resultOf,
  type Step,
  step,
} from '@coracle/syscalls';
import { FDS } from '../plan/descriptors.ts';

/**
 * A directory or file of the host that a container with user ids of its own is given by the caller. With `idmap` among the options
 * it sees it with these ids: what belongs to root on disk belongs to its root.
 */
export interface IdmappedTree {
  source: string;
  options: MountOptions;
  /** Name of the result that is the copy's descriptor, in the caller and in the init. */
  result: string;
  /** Maps of its own; those of the container if absent. */
  idMaps?: IdMaps;
}

/** The trees of a container whose ids are mapped: its root, and the volumes that ask for it. */
export function idmappedTrees({ mounts = [] }: Config, root: RootSource): IdmappedTree[] {
  const top = idmappedCopyOf(root);
  const volumes = mounts.flatMap((mount, index) =>
    isIdmapped(mount) ? [{ source: mount.source ?? '/', options: bindOptions(mount), result: earlyResult(index) }] : [],
  );
  return top ? [top, ...volumes] : volumes;
}

/** Whether a mount is a volume whose ids are mapped. */
export function isIdmapped({ type, options = [] }: Mount): boolean {
  return type === 'bind' && parseMountOptions(options).idmap !== undefined;
}

/** Options of a bind mount; of a whole tree, if nothing else is said. */
export function bindOptions({ options = [] }: Mount): MountOptions {
  return parseMountOptions(['rbind', ...options]);
}

/** The result that is a mount copied before the container's mounts are made private. */
export function earlyResult(index: number): string {
  return `mount ${index}`;
}

/** Steps for the caller, who has rights over the host's file systems as nobody in the container has: the copies. */
export function copyIdmapped(trees: readonly IdmappedTree[], usernsFd: Flags | number): Step[] {
  return trees.flatMap((tree) =>
    tree.options.idmap === undefined
      ? cloneTree(tree, `bring in ${tree.source}, where the container may not go`)
      : cloneTree({ ...tree, usernsFd }, `give the files of ${tree.source} the ids of the container`),
  );
}

/**
 * Steps for the init that take the copies from the caller, in the same order. A descriptor arrives under the lowest number
 * that is free: one is opened and closed before it, so that the number is known to the steps behind.
 * @see unix(7) SCM_RIGHTS
 */
export function takeIdmapped(trees: readonly IdmappedTree[]): Step[] {
  return trees.flatMap(({ source, result }) => {
    const why = `take ${source} from the caller`;
    const message = receiveHeader(output('mount', fdControlLength(1)));
    return [
      openat({ path: '/', flags: flags(OPEN, 'O_PATH', 'O_CLOEXEC') }, { why, result }),
      close(resultOf(result), why),
      step('recvmsg', [FDS.handover, message, flags(MSG, 'MSG_CMSG_CLOEXEC')], why),
    ];
  });
}
