import { type Container, stateOf } from '@coracle/container/detached';
import { OCI_VERSION } from '@coracle/oci-spec';

/** What `state` and `list` print of a container: the state of the specification, and what runc tells beside it. */
export interface StateDocument extends ReturnType<typeof stateOf> {
  /** Present in any state: 0 when there is no process. */
  pid: number;
  rootfs: string;
  created: string;
  /** User id of who created it, as runc has it: a text, empty for root. */
  owner: string;
}

/**
 * Tells of a container as runc does.
 * @example
 * JSON.stringify(stateDocument(find(store, 'web')));
 */
export function stateDocument(container: Container): StateDocument {
  const { rootfs, created, owner } = container.record;
  const { ociVersion, id, pid = 0, status, bundle, annotations } = stateOf(container, OCI_VERSION);
  return {
    ociVersion,
    id,
    pid,
    status,
    bundle,
    rootfs,
    created,
    ...(annotations ? { annotations } : {}),
    owner: owner === 0 ? '' : String(owner),
  };
}
