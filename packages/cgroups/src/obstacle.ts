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
    // Not remount,rw, which wants to change the file system for all who see it, and is refused as busy.
    fix: `as root: mount -o remount,bind,rw ${mountPoint}, which in a container takes --cap-add SYS_ADMIN; or start the container around this with --privileged`,
  };
}
