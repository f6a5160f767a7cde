import { type Flags, flags, MOUNT_ATTR, MS } from '@coracle/syscalls';
import { ACCESS_TIME, ATTRIBUTES, type AttributeName, OPPOSITES, PROPAGATION } from '../mount-options.ts';

/** Attributes of mounts to set and to clear, as mount_setattr(2) takes them. */
export interface AttributeChange {
  set: Flags;
  clear: Flags;
}

/** What the options of a mount in a config.json ask for. */
export interface ConfigMountOptions {
  /** A bind mount, and whether it takes along the mounts below its source. */
  bind: 'bind' | 'rbind' | undefined;
  /** Attributes of the mount itself. */
  top: AttributeChange;
  /** Attributes of the mount and of all below it: the options with an `r` before. */
  tree: AttributeChange;
  /** Attributes that a bind mount loses although nobody names them: see {@link parseConfigMountOptions}. */
  unnamed: Flags;
  /** How it is connected with other mounts, in the order in which it is to be said. */
  propagation: readonly { kind: Flags; recursive: boolean }[];
  /** Ids are to be mapped: those of the mount, or of all below it too. */
  idmap: 'idmap' | 'ridmap' | undefined;
  /** A new tmpfs is to begin with what it covers. */
  copiesUp: boolean;
  /** An existing mount is to be changed. */
  remount: boolean;
  /** Options of the file system itself, in order; flags without a value as `['sync', undefined]`. */
  data: readonly (readonly [key: string, value: string | undefined])[];
}

/** Options that say what is so anyway. */
const NEUTRAL = new Set(['defaults', 'loud', 'silent', 'noiversion', 'norelatime', 'rnorelatime', 'rnostrictatime']);

/**
 * Sorts the options of a mount as the OCI runtime specification means them: `ro` is for the mount alone, `rro` for all below it as
 * well, also with `rbind`. Of options that contradict each other the later one counts, but `rbind` holds beside `bind`. What is not
 * known is for the file system to judge.
 *
 * A bind mount for which no attribute is named has those of its source. Once one is named, its own are those that are named: so
 * mount(2) changes a mount, and so other runtimes and their callers understand a list of options. Only how access times are kept
 * stays as long as no option is about that.
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config.md#linux-mount-options
 * @example
 * parseConfigMountOptions(['rbind', 'ro', 'rnosuid', 'rslave']).tree.set.text; // 'MOUNT_ATTR_NOSUID'
 */
export function parseConfigMountOptions(options: readonly string[]): ConfigMountOptions {
  const top = new Change();
  const tree = new Change();
  const propagation: { kind: Flags; recursive: boolean }[] = [];
  const data: (readonly [string, string | undefined])[] = [];
  let bind: ConfigMountOptions['bind'];
  let idmap: ConfigMountOptions['idmap'];
  let copiesUp = false;
  let remount = false;
  for (const option of options) {
    const kind = PROPAGATION.get(option);
    if (top.take(option) || (option.startsWith('r') && tree.take(option.slice(1)))) continue;
    if (kind) propagation.push({ kind: flags(MS, kind), recursive: option.startsWith('r') });
    else if (option === 'rbind') bind = option;
    // `rbind` says that and more, in whichever order.
    else if (option === 'bind') bind ??= option;
    else if (option === 'idmap' || option === 'ridmap') idmap = option;
    else if (option === 'tmpcopyup') copiesUp = true;
    else if (option === 'remount') remount = true;
    else if (!NEUTRAL.has(option)) data.push(pair(option));
  }
  const unnamed = bind && !remount ? top.unnamed() : flags(MOUNT_ATTR);
  return { bind, top: top.flags(), tree: tree.flags(), unnamed, propagation, idmap, copiesUp, remount, data };
}

/** Those that a mount has or has not, each for itself. */
const ALONE: readonly AttributeName[] = [
  'MOUNT_ATTR_RDONLY',
  'MOUNT_ATTR_NOSUID',
  'MOUNT_ATTR_NODEV',
  'MOUNT_ATTR_NOEXEC',
  'MOUNT_ATTR_NOSYMFOLLOW',
];

/** What has been asked for so far. */
class Change {
  readonly #set = new Set<AttributeName>();
  readonly #clear = new Set<AttributeName>();

  /** Whether the option was one about attributes. */
  take(option: string): boolean {
    const attribute = option.includes('=') ? undefined : ATTRIBUTES.get(option);
    const opposites = OPPOSITES.get(option);
    if (attribute) {
      // How access times are kept is one value, not bits.
      for (const other of ACCESS_TIME.includes(attribute) ? ACCESS_TIME : []) this.#set.delete(other);
      this.#clear.delete(attribute);
      this.#set.add(attribute);
    }
    for (const one of opposites ?? []) {
      this.#set.delete(one);
      this.#clear.add(one);
    }
    return attribute !== undefined || opposites !== undefined;
  }

  /** What of the source goes when these options are all that the mount is to have. */
  unnamed(): Flags {
    const named = new Set([...this.#set, ...this.#clear]);
    if (named.size === 0) return flags(MOUNT_ATTR);
    const rest = ALONE.filter((name) => !named.has(name));
    const keepsTimes = !ACCESS_TIME.some((name) => named.has(name));
    if (!keepsTimes && !named.has('MOUNT_ATTR_NODIRATIME')) rest.push('MOUNT_ATTR_NODIRATIME');
    if (keepsTimes && this.#set.has('MOUNT_ATTR_NODIRATIME')) rest.push('MOUNT_ATTR__ATIME');
    return flags(MOUNT_ATTR, ...rest);
  }

  flags(): AttributeChange {
    const changesAccessTime = [...this.#set, ...this.#clear].some((name) => ACCESS_TIME.includes(name));
    const clear = [...this.#clear].filter((name) => !ACCESS_TIME.includes(name));
    return {
      set: flags(MOUNT_ATTR, ...this.#set),
      clear: flags(MOUNT_ATTR, ...clear, ...(changesAccessTime ? (['MOUNT_ATTR__ATIME'] as const) : [])),
    };
  }
}

function pair(option: string): [string, string | undefined] {
  const at = option.indexOf('=');
  return at < 0 ? [option, undefined] : [option.slice(0, at), option.slice(at + 1)];
}
