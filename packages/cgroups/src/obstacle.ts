/** Why something cannot be had, and what helps: a command or a setting. */
export interface Obstacle {
  /** A sentence without its full stop. */
  reason: string;
  /** The exact command where there is one. */
  fix: string;
}

/** What a file system that is mounted read-only needs. */
export function readOnly(mountPoint: string): Obstacle {
  return {
    reason: `${mountPoint} is mounted read-only, as in most containers`,
    fix: `as root: mount -o remount,rw ${mountPoint}; a container has to be started with writable cgroups: docker run --privileged`,
  };
}
