/** The systemd that keeps the cgroups of containers: that of the machine, or that of one user. */
export interface SystemdManager {
  /** The address of its message bus. */
  bus: string;
  /** Whether it is one user's: then it may move processes that the user may not. */
  isUsers: boolean;
}

/** What is to be known of a container's unit as long as the container is there. */
export interface ContainerUnit extends SystemdManager {
  /** Its name: `'podman-4711.scope'`. */
  name: string;
  /** What it says of itself, which no other unit does: it tells whose unit this is. */
  description: string;
}
