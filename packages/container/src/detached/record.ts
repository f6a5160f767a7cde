import type { IdMaps } from '@coracle/namespaces';
import type { Config, State, Status } from '@coracle/oci-spec';
import type { ProcessIdentity } from '../process-identity.ts';
import type { ContainerUnit } from './systemd/unit.ts';

/** What is kept of a container between the commands of its life. */
export interface ContainerRecord {
  id: string;
  /** Absolute path of the bundle's directory. */
  bundle: string;
  /** Its configuration as it was when the container was created: what is in the bundle may change. */
  config: Config;
  /** Absolute path of its root. */
  rootfs: string;
  /** When it was created, in ISO 8601. */
  created: string;
  /** User id of who created it. */
  owner: number;
  /** How far `create` has come. What became of the container then is seen from its process. */
  stage: 'creating' | 'created';
  /** Its first process, once it is born. */
  process?: ProcessIdentity | undefined;
  /** Directories of its cgroup, made for it alone. */
  cgroups: readonly string[];
  /** What it is to systemd, where that keeps its cgroup. */
  unit?: ContainerUnit | undefined;
  /** Directories of the kernel beside those, made for it alone, children before their parents; none if absent. */
  directories?: readonly string[] | undefined;
  /** Files by which a further process joins the cgroup. */
  doors: readonly string[];
  /** How user ids are mapped, with a user namespace. */
  idMaps?: IdMaps | undefined;
  /** The filter of its program asks about calls, and who answers is at the profile's `listenerPath`. */
  notifies: boolean;
}

/** A container as its record and the kernel tell of it. */
export interface Container {
  record: ContainerRecord;
  status: Status;
}

/**
 * The state that the specification wants to be told: to hooks, and by the command `state`.
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/runtime.md#state
 * @example
 * process.stdout.write(JSON.stringify(stateOf(container, '1.3.0')));
 */
export function stateOf({ record, status }: Container, ociVersion: string): State {
  const { id, bundle, config, process } = record;
  const hasProcess = process !== undefined && status !== 'stopped';
  return {
    ociVersion,
    id,
    status,
    ...(hasProcess ? { pid: process.pid } : {}),
    bundle,
    ...(config.annotations ? { annotations: config.annotations } : {}),
  };
}
