/** Where a container is in its life. `paused` is a runtime's own addition, as the specification permits. */
export const STATUSES = ['creating', 'created', 'running', 'stopped', 'paused'] as const;

/** One of {@link STATUSES}. */
export type Status = (typeof STATUSES)[number];

/**
 * The state of a container: what `state` prints, and what hooks read.
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/runtime.md
 */
export interface State {
  /** Version of the runtime specification the state follows: `1.3.0`. */
  ociVersion: string;
  /** Name of the container, unique on this host. */
  id: string;
  /** Where it is in its life. */
  status: Status;
  /** Its first process, as the host numbers it. Present when created or running. */
  pid?: number;
  /** Absolute path of the bundle's directory. */
  bundle: string;
  /** The annotations of its configuration. */
  annotations?: Record<string, string>;
}

/**
 * What the listener of a seccomp filter gets from the runtime over its socket, with the descriptors that `fds` names.
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md#the-container-process-state
 */
export interface ContainerProcessState {
  /** Version of the runtime specification that this follows: `1.3.0`. */
  ociVersion: string;
  /** Names of the descriptors that come with it, in their order: `seccompFd`. */
  fds?: string[];
  /** The process that has the filter, as the runtime numbers it. */
  pid: number;
  /** `listenerMetadata` of the configuration. */
  metadata?: string;
  /** The state of the container. */
  state: State;
}
