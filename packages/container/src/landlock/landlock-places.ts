import { posix } from 'node:path';
import { HOST_ROOT_OWN, type HostRoot, type PathKind, parseMountOptions } from '@coracle/chroot-fs';
import type { Config, Mount } from '@coracle/oci-spec';
import { LANDLOCK_ACCESS_FS, MOUNT_ATTR } from '@coracle/syscalls';

/** What may be done with files at and below a path. */
export interface LandlockPlace {
  /** Absolute, in the container, with no link in it. */
  path: string;
  /** Bits of LANDLOCK_ACCESS_FS. */
  rights: number;
}

/** Where a container's programs get rights on files, and where they get more than the mounts mean. */
export interface LandlockPlaces {
  places: readonly LandlockPlace[];
  /** Not to be written, but in a place that is: rights go for all that lies below, and none can be taken back. */
  loose: readonly string[];
}

/** What the places depend on beside the configuration. */
export interface PlacesContext {
  /** What of the host is shown, in the `host` root; a root of another kind must be read-only. */
  hostRoot: HostRoot | undefined;
  kindOf: (path: string) => PathKind;
}

const LIST = LANDLOCK_ACCESS_FS.LANDLOCK_ACCESS_FS_READ_DIR;
const READ = LANDLOCK_ACCESS_FS.LANDLOCK_ACCESS_FS_READ_FILE | LIST;
const EXECUTE = LANDLOCK_ACCESS_FS.LANDLOCK_ACCESS_FS_EXECUTE;
const USE = READ | EXECUTE;
const OVERWRITE = LANDLOCK_ACCESS_FS.LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS.LANDLOCK_ACCESS_FS_TRUNCATE;
const DEVICES = LANDLOCK_ACCESS_FS.LANDLOCK_ACCESS_FS_IOCTL_DEV;
/** All that Landlock knows of files up to its version 5. */
const ALL = 0xffff;
/** Those that a rule for a file may name; landlock_add_rule(2) refuses the others (EINVAL). */
const OF_FILES = EXECUTE | OVERWRITE | DEVICES | LANDLOCK_ACCESS_FS.LANDLOCK_ACCESS_FS_READ_FILE;

/**
 * The rights on files that the plan of a container means, for Landlock to hold them as well. What is not below one of the
 * places cannot be opened at all, whatever was mounted there.
 *
 * A right on a directory goes for everything below it. So the top of the `host` root and its /etc, in which things of the host
 * are shown, are read-only here, and so is /proc, where the settings of the kernel lie beside the files of processes.
 */
export function landlockPlaces(config: Config, { hostRoot, kindOf }: PlacesContext): LandlockPlaces {
  const wanted = new Map([
    ...(hostRoot ? ofHostRoot(hostRoot, config) : [['/', USE] as const]),
    ...(config.mounts ?? []).map((mount) => [mount.destination, rightsOn(mount, { config, kindOf })] as const),
  ]);
  const places: LandlockPlace[] = [];
  const loose: string[] = [];
  for (const [path, rights] of [...wanted].sort(([a], [b]) => depth(a) - depth(b))) {
    const inherited = rightsAt(path, places);
    if (inherited & OVERWRITE & ~rights) loose.push(path);
    if (rights & ~inherited) places.push({ path, rights });
  }
  return { places, loose };
}

function ofHostRoot({ shown, links }: HostRoot, { root, process, mounts = [] }: Config): [string, number][] {
  const programs = shown.filter(({ path }) => !isBelow(path, '/etc')).map(({ path }) => path);
  const fixed: [string, number][] = [
    ['/', LIST],
    ['/etc', USE],
    ...programs.map((path): [string, number] => [path, USE]),
  ];
  if (root?.readonly) return fixed;
  const own = HOST_ROOT_OWN.map((path): [string, number] => [path, ALL]);
  const cwd = posix.normalize(process?.cwd ?? '/');
  const taken = [...fixed, ...own].map(([path]) => path);
  const others = [...taken.filter((path) => path !== '/'), ...links.map(({ path }) => path)];
  const isMade = ![...others, ...mounts.map(({ destination }) => destination)].some((path) => isBelow(cwd, path));
  return [...fixed, ...own, ...(isMade && cwd !== '/' ? [[cwd, ALL] as [string, number]] : [])];
}

function rightsOn(mount: Mount, { config, kindOf }: { config: Config } & Pick<PlacesContext, 'kindOf'>): number {
  const { MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOEXEC, MOUNT_ATTR_NODEV } = MOUNT_ATTR;
  const attributes = Number(parseMountOptions(mount.options ?? []).set.value);
  // Nothing is made in /proc, and what must not be written there can be told from the rest by its mounts alone.
  if (mount.type === 'proc') return config.linux?.readonlyPaths?.length ? READ : READ | OVERWRITE;
  const rights =
    (attributes & MOUNT_ATTR_RDONLY ? USE | DEVICES : ALL) &
    ~(attributes & MOUNT_ATTR_NOEXEC ? EXECUTE : 0) &
    ~(attributes & MOUNT_ATTR_NODEV ? DEVICES : 0);
  const isFile = mount.type === 'bind' && kindOf(mount.source ?? '/') === 'file';
  return isFile ? rights & OF_FILES : rights;
}

function rightsAt(path: string, places: readonly LandlockPlace[]): number {
  return places.reduce((sum, place) => (isBelow(path, place.path) ? sum | place.rights : sum), 0);
}

function isBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`);
}

function depth(path: string): number {
  return path === '/' ? 0 : path.split('/').length;
}
