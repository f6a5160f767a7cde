/** How mount and unmount events travel to and from other mounts; see "Shared subtrees" in mount_namespaces(7). */
export interface PropagationTags {
  /** Number of the peer group this mount shares events with. `undefined`: not shared. */
  shared?: number;
  /** Number of the peer group this mount receives events from (it is a slave of it). `undefined`: no slave. */
  master?: number;
  /** The nearest peer group under the process's root that dominates a slave whose master cannot be seen from there. */
  propagateFrom?: number;
  /** The mount cannot be bind mounted. Never `false`: absent when it can. */
  unbindable?: boolean;
}

/**
 * One mount, as one line of /proc/PID/mountinfo tells it. No tag in `tags` means a private mount.
 * @see proc_pid_mountinfo(5)
 */
export interface MountInfo {
  /** Id of the mount, unique while it exists; the kernel gives it to another mount afterwards. */
  id: number;
  /** Id of the mount this one sits on. The root mount names itself, or a mount the process cannot see. */
  parentId: number;
  /** Major number of `st_dev` of the files in it. */
  major: number;
  /** Minor number of `st_dev` of the files in it. */
  minor: number;
  /** The directory (or file) of the file system that is shown here: `/`, or the bound one. Ends in `//deleted` after its removal. */
  root: string;
  /** Where it is, seen from the root directory of the process whose mountinfo was read. */
  mountPoint: string;
  /** Options of this mount alone: `rw`, `nosuid`, `relatime` ... */
  options: string[];
  /** Propagation. Tags a future kernel may add are left out. */
  tags: PropagationTags;
  /** Type of the file system, with the subtype where there is one: `ext4`, `fuse.sshfs`. */
  type: string;
  /** Device, or the word given to mount(2) in its place: `none`, `overlay`, and the empty string too. */
  source: string;
  /** Options of the file system, common to all its mounts: `rw`, `size=65536k` ... */
  superOptions: string[];
}
