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

/** The command that has systemd leave controllers to users on version 2, beside those that it leaves to them anyway. */
export function delegateToUsers(controllers: readonly string[]): string {
  const all = [...new Set(['cpu', 'memory', 'pids', ...controllers])].join(' ');
  return `sudo mkdir -p /etc/systemd/system/user@.service.d && printf '[Service]\\nDelegate=${all}\\n' | sudo tee /etc/systemd/system/user@.service.d/delegate.conf && sudo systemctl daemon-reload, then log in again`;
}
