import { type Flags, flags, MOUNT_ATTR, MS } from '@coracle/syscalls';

/** What a list of mount options asks for. */
export interface MountOptions {
  /** Attributes of the mount: read-only, no set-user-id ... */
  set: Flags;
  /** Attributes of the uppermost mount of a tree alone, as `ro=vfs` asks for. */
  top: Flags;
  /** Whether the attributes go for the mounts below as well: so for every `rbind`. */
  recursive: boolean;
  /** A bind mount, and whether it takes along the mounts below its source. */
  bind: 'bind' | 'rbind' | undefined;
  /** Ids are to be mapped: those of the uppermost mount, or of the whole tree. Somebody with rights over the host does it. */
  idmap: 'idmap' | 'ridmap' | undefined;
  /** MS_PRIVATE, MS_SLAVE, MS_SHARED or MS_UNBINDABLE, of the whole tree; `undefined`: private. */
  propagation: Flags | undefined;
  /** Options of the file system itself, in order: `['size', '64m']`, and flags without a value as `['ro', undefined]`. */
  data: readonly (readonly [key: string, value: string | undefined])[];
}

/** A name of {@link MOUNT_ATTR}. */
export type AttributeName = keyof typeof MOUNT_ATTR;

/** How mount(8) says that `ro` is for one mount alone, or for the whole tree. */
const READ_ONLY_TOP = 'ro=vfs';
const READ_ONLY_TREE = 'ro=recursive';

/** Options that are attributes of a mount. */
export const ATTRIBUTES: ReadonlyMap<string, AttributeName> = new Map([
  ['ro', 'MOUNT_ATTR_RDONLY'],
  [READ_ONLY_TREE, 'MOUNT_ATTR_RDONLY'],
  ['nosuid', 'MOUNT_ATTR_NOSUID'],
  ['nodev', 'MOUNT_ATTR_NODEV'],
  ['noexec', 'MOUNT_ATTR_NOEXEC'],
  ['noatime', 'MOUNT_ATTR_NOATIME'],
  ['nodiratime', 'MOUNT_ATTR_NODIRATIME'],
  ['strictatime', 'MOUNT_ATTR_STRICTATIME'],
  ['nosymfollow', 'MOUNT_ATTR_NOSYMFOLLOW'],
]);

/** Access times are kept in one of several ways: the latest word counts. */
export const ACCESS_TIME: readonly AttributeName[] = ['MOUNT_ATTR_NOATIME', 'MOUNT_ATTR_STRICTATIME'];

/** Options that take back an attribute; alone they name what is so anyway. */
export const OPPOSITES: ReadonlyMap<string, readonly AttributeName[]> = new Map([
  ['rw', ['MOUNT_ATTR_RDONLY']],
  ['suid', ['MOUNT_ATTR_NOSUID']],
  ['dev', ['MOUNT_ATTR_NODEV']],
  ['exec', ['MOUNT_ATTR_NOEXEC']],
  ['atime', ['MOUNT_ATTR_NOATIME']],
  ['relatime', ACCESS_TIME],
  ['nostrictatime', ['MOUNT_ATTR_STRICTATIME']],
  ['diratime', ['MOUNT_ATTR_NODIRATIME']],
  ['symfollow', ['MOUNT_ATTR_NOSYMFOLLOW']],
]);

/** Options without an effect on a mount. */
const NEUTRAL = new Set(['defaults', 'loud', 'norelatime', 'silent']);

/** How a mount is connected with others, by option. */
export const PROPAGATION: ReadonlyMap<string, keyof typeof MS> = new Map([
  ['private', 'MS_PRIVATE'],
  ['rprivate', 'MS_PRIVATE'],
  ['slave', 'MS_SLAVE'],
  ['rslave', 'MS_SLAVE'],
  ['shared', 'MS_SHARED'],
  ['rshared', 'MS_SHARED'],
  ['unbindable', 'MS_UNBINDABLE'],
  ['runbindable', 'MS_UNBINDABLE'],
]);

/**
 * Sorts mount options, as mount(8) and the OCI runtime specification write them, into attributes, propagation and the
 * file system's own data. Of options that contradict each other the later one counts. A read-only bind mount is read-only
 * all the way down: `rro` and `ro=recursive` mean the same as `ro`. With `ro=vfs` the mounts below it stay as they are.
 * @returns `data` holds every option that is not known here, for the file system to judge
 * @see mount(8), mount_setattr(2)
 * @example
 * parseMountOptions(['ro', 'nosuid', 'size=64m']).data; // [['size', '64m']]
 */
export function parseMountOptions(options: readonly string[]): MountOptions {
  const set = new Set<AttributeName>();
  let isTopReadOnly = false;
  let data: (readonly [string, string | undefined])[] = [];
  let bind: MountOptions['bind'];
  let idmap: MountOptions['idmap'];
  let propagation: Flags | undefined;
  for (const option of options) {
    const attribute = ofAttribute(option, ATTRIBUTES);
    const opposites = ofAttribute(option, OPPOSITES);
    const mode = PROPAGATION.get(option);
    if (option === READ_ONLY_TOP) {
      set.delete('MOUNT_ATTR_RDONLY');
      isTopReadOnly = true;
    } else if (attribute) {
      if (ACCESS_TIME.includes(attribute)) takeBack(set, ACCESS_TIME);
      set.add(attribute);
      if (attribute === 'MOUNT_ATTR_RDONLY') isTopReadOnly = false;
    } else if (opposites) {
      takeBack(set, opposites);
      if (opposites.includes('MOUNT_ATTR_RDONLY')) isTopReadOnly = false;
    } else if (mode) propagation = flags(MS, mode);
    else if (option === 'bind' || option === 'rbind') bind = option;
    else if (option === 'idmap' || option === 'ridmap') idmap = option;
    else if (option === 'async') data = data.filter(([key]) => key !== 'sync');
    else if (!NEUTRAL.has(option)) data.push(pair(option));
  }
  const top = isTopReadOnly ? flags(MOUNT_ATTR, 'MOUNT_ATTR_RDONLY') : flags(MOUNT_ATTR);
  return { set: flags(MOUNT_ATTR, ...set), top, recursive: bind === 'rbind', bind, idmap, propagation, data };
}

/** The OCI specification has each of them with an r in front as well, for the mounts below. */
function ofAttribute<Value>(option: string, table: ReadonlyMap<string, Value>): Value | undefined {
  return table.get(option) ?? (option.startsWith('r') ? table.get(option.slice(1)) : undefined);
}

function takeBack(set: Set<AttributeName>, names: readonly AttributeName[]): void {
  for (const name of names) set.delete(name);
}

function pair(option: string): [string, string | undefined] {
  const at = option.indexOf('=');
  return at < 0 ? [option, undefined] : [option.slice(0, at), option.slice(at + 1)];
}
