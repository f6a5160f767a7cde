import { type Flags, flags, MOUNT_ATTR, MS } from '@coracle/syscalls';

/** What a list of mount options asks for. */
export interface MountOptions {
  /** Attributes of the mount: read-only, no set-user-id ... */
  set: Flags;
  /** Whether the attributes apply to every mount below, as `rro` asks. */
  recursive: boolean;
  /** A bind mount, and whether it takes along the mounts below its source. */
  bind: 'bind' | 'rbind' | undefined;
  propagation: Flags | undefined;
  /** Options of the file system itself, in order: `['size', '64m']`, and flags without a value as `['ro', undefined]`. */
  data: readonly (readonly [key: string, value: string | undefined])[];
}

type AttributeName = keyof typeof MOUNT_ATTR;

const ATTRIBUTES: Readonly<Record<string, AttributeName | undefined>> = {
  ro: 'MOUNT_ATTR_RDONLY',
  nosuid: 'MOUNT_ATTR_NOSUID',
  nodev: 'MOUNT_ATTR_NODEV',
  noexec: 'MOUNT_ATTR_NOEXEC',
  noatime: 'MOUNT_ATTR_NOATIME',
  nodiratime: 'MOUNT_ATTR_NODIRATIME',
  strictatime: 'MOUNT_ATTR_STRICTATIME',
  nosymfollow: 'MOUNT_ATTR_NOSYMFOLLOW',
};

/** Options that name what is so anyway. */
const DEFAULTS = new Set(['rw', 'suid', 'dev', 'exec', 'relatime', 'atime', 'diratime', 'async', 'defaults']);

const PROPAGATION: Readonly<Record<string, keyof typeof MS | undefined>> = {
  private: 'MS_PRIVATE',
  rprivate: 'MS_PRIVATE',
  slave: 'MS_SLAVE',
  rslave: 'MS_SLAVE',
  shared: 'MS_SHARED',
  rshared: 'MS_SHARED',
  unbindable: 'MS_UNBINDABLE',
  runbindable: 'MS_UNBINDABLE',
};

/**
 * Sorts mount options, as mount(8) and the OCI runtime specification write them, into attributes, propagation and the
 * file system's own data. A read-only bind mount is read-only all the way down.
 * @example
 * parseMountOptions(['ro', 'nosuid', 'size=64m']).data; // [['size', '64m']]
 */
export function parseMountOptions(options: readonly string[]): MountOptions {
  const set = new Set<AttributeName>();
  const data: (readonly [string, string | undefined])[] = [];
  let bind: MountOptions['bind'];
  let propagation: Flags | undefined;
  for (const option of options) {
    const attribute = ATTRIBUTES[option] ?? ATTRIBUTES[option.replace(/^r(?=ro$|no)/, '')];
    const mode = PROPAGATION[option];
    if (attribute) set.add(attribute);
    else if (mode) propagation = flags(MS, mode);
    else if (option === 'bind' || option === 'rbind') bind = option;
    else if (!DEFAULTS.has(option)) data.push(pair(option));
  }
  return { set: flags(MOUNT_ATTR, ...set), recursive: bind === 'rbind', bind, propagation, data };
}

function pair(option: string): [string, string | undefined] {
  const at = option.indexOf('=');
  return at < 0 ? [option, undefined] : [option.slice(0, at), option.slice(at + 1)];
}
