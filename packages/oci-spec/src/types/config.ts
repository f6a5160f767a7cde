import type { Linux } from './linux.ts';
import type { Process } from './process.ts';

/**
 * The config.json of a bundle: all that a runtime must know to make a container (Linux only).
 *
 * Fields that the specification does not have are allowed and ignored, and so are the parts for other systems: `windows`, `vm`,
 * `solaris`, `zos` and `freebsd`. A field that is `undefined` counts as absent.
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config.md
 */
export interface Config {
  /** Version of the runtime specification the configuration follows, as in semver: `1.3.0`. */
  ociVersion: string;
  /** The root file system. */
  root: Root;
  /** What is mounted in addition to the root, in this order. Absent: nothing. */
  mounts?: Mount[];
  /** The program to start. Absent: the container can be created, not started. */
  process?: Process;
  /** Host name, up to 64 bytes; needs a uts namespace. Absent: the host's. */
  hostname?: string;
  /** NIS domain name, up to 64 bytes; needs a uts namespace. Absent: the host's. */
  domainname?: string;
  /** Programs run at points of the container's life. */
  hooks?: Hooks;
  /** Free notes of the tools that made the configuration: key to value. */
  annotations?: Record<string, string>;
  /** All that only Linux has. */
  linux?: Linux;
}

/** Where the root file system comes from. */
export interface Root {
  /** Directory on the host; a relative one is taken from the bundle. */
  path: string;
  /** Whether the container may not write to it. Absent: `false`. */
  readonly?: boolean;
}

/**
 * One mount inside the container.
 * @see mount(8)
 */
export interface Mount {
  /** Path inside the container. A relative one, which old tools write, begins at `/` too. */
  destination: string;
  /** Type of the file system as in /proc/filesystems, or `bind`. Absent for a bind mount by its options. */
  type?: string;
  /** Device, directory on the host (relative to the bundle) or a mere name. */
  source?: string;
  /** As mount(8) writes them: `nosuid`, `ro`, `rbind`, `rprivate`, `size=64m` ... */
  options?: string[];
  /** How user ids of the source appear at the destination (an idmapped mount). Absent: as they are. */
  uidMappings?: IDMapping[];
  /** How group ids of the source appear at the destination. Absent: as they are. */
  gidMappings?: IDMapping[];
}

/**
 * A range of ids and the range it stands for.
 * @see user_namespaces(7)
 */
export interface IDMapping {
  /** First id inside the container. */
  containerID: number;
  /** First id on the host. */
  hostID: number;
  /** Number of ids, at least 1. */
  size: number;
}

/** The points of a container's life at which programs can run, in that order. */
export const HOOK_NAMES = [
  'prestart',
  'createRuntime',
  'createContainer',
  'startContainer',
  'poststart',
  'poststop',
] as const;

/** One of {@link HOOK_NAMES}. */
export type HookName = (typeof HOOK_NAMES)[number];

/**
 * Programs run at points of the container's life; each gets the state ({@link State}) on its standard input.
 * They run in the order of the list; an empty list is the same as none.
 */
export interface Hooks {
  /** Before the root is changed, in the runtime's namespaces. Deprecated in favour of the three below. */
  prestart?: Hook[];
  /** During create, after the namespaces are made, in the runtime's namespaces. */
  createRuntime?: Hook[];
  /** During create, before the root is changed, in the container's namespaces. */
  createContainer?: Hook[];
  /** During start, before the program, inside the container. */
  startContainer?: Hook[];
  /** After the program was started, in the runtime's namespaces. */
  poststart?: Hook[];
  /** After the container was deleted, in the runtime's namespaces. */
  poststop?: Hook[];
}

/** One program of {@link Hooks}. */
export interface Hook {
  /** Absolute path of the program. */
  path: string;
  /** Its arguments, its own name first. Absent: the path alone. */
  args?: string[];
  /** Its environment, `NAME=value` each. Absent: empty. */
  env?: string[];
  /** Seconds until it is given up, at least 1. Absent: no limit. */
  timeout?: number;
}
