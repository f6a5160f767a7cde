/** What belongs to the system, as a whole: giving it away by a slip of the keyboard would break the host. */
const SYSTEM =
  /^\/(|bin|boot|dev|etc|home|lib|lib32|lib64|libx32|media|mnt|opt|proc|root|run|sbin|srv|sys|tmp|usr|var)(\/(bin|cache|lib|lib64|local|log|run|sbin|share|spool|tmp))?$/;

/** What belongs to the system in each of its parts. */
const WITHIN = /^\/(bin|boot|dev|etc|lib|lib32|lib64|libx32|proc|sbin|sys|usr)(\/|$)/;

/**
 * Whether a directory of the host is one that its programs count on: `/`, `/home`, `/var/lib`.
 * @param path absolute, without symbolic links
 */
export function isSystemDirectory(path: string): boolean {
  return SYSTEM.test(path);
}

/**
 * Whether a file or directory is one of the host's own, or somebody's home as a whole: nothing of it is ever to be changed for a
 * container.
 * @param path absolute, without symbolic links
 */
export function isHosts(path: string): boolean {
  return SYSTEM.test(path) || WITHIN.test(path) || /^\/home\/[^/]+$/.test(path);
}
