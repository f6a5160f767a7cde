import {
  attach,
  createFilesystem,
  type MountOptions,
  openInRoot,
  openMountpoint,
  type PathKind,
} from '@coracle/chroot-fs';
import {
  type AttributeChange,
  type ConfigMountOptions,
  type MountedBefore,
  type Mountpoint,
  parseConfigMountOptions,
  resolveMountpoint,
} from '@coracle/chroot-fs/config';
import type { IdMaps } from '@coracle/namespaces';
import type { Mount } from '@coracle/oci-spec';
import {
  AT,
  close,
  type Flags,
  flags,
  MOUNT_ATTR,
  MS,
  mountSetattr,
  OPEN_TREE,
  openTree,
  type Purpose,
  resultOf,
  type Step,
} from '@coracle/syscalls';
import { earlyResult, type IdmappedTree } from '../idmapped/plan-idmapped.ts';
import { labelTop, withContext } from '../labels/label-mounts.ts';
import { linksTo, purposeOf, resultFor } from '../plan/plan-init.ts';
import { type ConfigWarning, cannot } from './config-error.ts';
import { copyUp, type IdsInside, modeOf } from './copy-up.ts';
import { toMappings } from './id-maps.ts';
import { longMount, needsLongMount } from './long-mount.ts';
import type { Normalized } from './normalize.ts';
import { type CgroupView, planCgroupMount } from './plan-cgroup-mount.ts';

/** What the mounts of a container depend on beside its configuration. */
export interface MountsContext {
  /** What a path of the host is. */
  kindOf: (path: string) => PathKind;
  /** The cgroups that a mount of the type `cgroup` is to show. */
  cgroups: () => CgroupView;
  /** How the container sees who owns files of the host. */
  inside: IdsInside;
  /** Whether the container's first process may go to a path of the host. */
  isReachable: (path: string) => boolean;
  /** Whether the kernel may keep the container from taking an attribute off a mount: see "locked" in mount_namespaces(7). */
  mayBeLocked: () => boolean;
  onWarning: (warning: ConfigWarning) => void;
}

/** The mounts of a container: copies that are made before any other step, the mounts in their order, and what is left for the end. */
export interface MountSteps {
  early: Step[];
  make: Step[];
  finish: Step[];
}

/** One mount, looked into. */
interface Wanted {
  mount: Mount;
  index: number;
  options: ConfigMountOptions;
  place: Mountpoint;
  /** Where in the container the source of a bind mount lies, if below an earlier mount: that one is to be seen. */
  inside: Mountpoint | undefined;
  why: string;
}

const WHOLE_MOUNT = flags(AT, 'AT_EMPTY_PATH');
const WHOLE_TREE = flags(AT, 'AT_EMPTY_PATH', 'AT_RECURSIVE');

/**
 * Mounts that the caller copies, whose rights reach further than those of a user namespace: where ids are mapped, and where the source
 * lies in a directory that the container may not go through. Attributes go with the copy.
 */
export function givenMounts(config: Normalized, isReachable: MountsContext['isReachable']): IdmappedTree[] {
  return config.mounts.flatMap((mount, index) => {
    const options = parseConfigMountOptions(mount.options ?? []);
    if (!isGiven({ mount, options }, isReachable)) return [];
    const own: IdMaps = {
      uids: toMappings(mount.uidMappings),
      gids: toMappings(mount.gidMappings),
      how: 'direct',
    };
    return [
      {
        source: mount.source ?? '/',
        options: copyOptions(options),
        result: earlyResult(index),
        ...(own.uids.length > 0 ? { idMaps: own } : {}),
      },
    ];
  });
}

function isGiven(
  { mount, options }: Pick<Wanted, 'mount' | 'options'>,
  isReachable: MountsContext['isReachable'],
): boolean {
  if (mount.type !== 'bind' || options.remount) return false;
  return options.idmap !== undefined || !isReachable(mount.source ?? '/');
}

/** A copy without mapped ids goes on to show what the host mounts below, as one that the container makes. */
function copyOptions({ bind, idmap, top, tree }: ConfigMountOptions): MountOptions {
  const propagation = idmap === undefined ? flags(MS, 'MS_SLAVE') : undefined;
  return { set: tree.set, top: top.set, recursive: bind === 'rbind', bind, idmap, propagation, data: [] };
}

/**
 * Plans the mounts of a configuration.
 * @throws {ConfigError} for a source that is not there and for options that cannot be kept
 */
export function planMounts(config: Normalized, context: MountsContext): MountSteps {
  const before: MountedBefore[] = [];
  const wanted = config.mounts.map((mount, index): Wanted => {
    const options = parseConfigMountOptions(mount.options ?? []);
    const place = resolveMountpoint(mount.destination, { root: config.root.path, before });
    const isOurs = mount.type === 'bind' && !isGiven({ mount, options }, context.isReachable);
    const inside = isOurs ? sourceInside(mount.source ?? '/', { root: config.root.path, before }) : undefined;
    const one = { mount, index, options, place, inside, why: purposeOf(mount) };
    check(one, context);
    const source = mount.type === 'bind' ? mount.source : undefined;
    before.push({ destination: place.path, source: inside ? inside.onHost : source });
    return one;
  });
  const stays = /^r?shared$/.test(config.linux.rootfsPropagation ?? '');
  const given = new Set(wanted.filter((one) => isGiven(one, context.isReachable)));
  const isEarly = (one: Wanted): boolean => given.has(one) || (stays && one.mount.type === 'bind' && !one.inside);
  const label = config.linux.mountLabel;
  return {
    early: wanted.flatMap((one) =>
      isEarly(one) && !given.has(one) ? cloneBind(one, earlyResult(one.index), context) : [],
    ),
    make: wanted.flatMap((one) => makeMount(one, { early: isEarly(one), label, context })),
    finish: wanted.filter(isDeferred).flatMap(forbidChanges),
  };
}

/**
 * The place in the container that a source means which lies at the path of the root, below an earlier mount: at its path on the host is
 * what that mount covers, since nothing is mounted there.
 */
function sourceInside(
  source: string,
  { root, before }: { root: string; before: readonly MountedBefore[] },
): Mountpoint | undefined {
  if (before.length === 0 || root === '/' || !source.startsWith(`${root}/`)) return undefined;
  const place = resolveMountpoint(source.slice(root.length), { root, before });
  const isBelow = before.some(({ destination }) => `${place.path}/`.startsWith(`${destination}/`));
  return isBelow ? place : undefined;
}

function check({ mount, index, options, place, inside }: Wanted, { kindOf, onWarning }: MountsContext): void {
  const path = `$.mounts[${index}]`;
  // The root is opened before its mounts are made: what lies on top of it would hide it and never be seen.
  if (place.path === '/' && !options.remount)
    throw cannot(
      { path: `${path}.destination`, value: mount.destination },
      'below the root, on which nothing is mounted',
      'name the directory in root.path',
    );
  if (mount.type === 'bind' && !inside && kindOf(mount.source ?? '/') === undefined)
    throw cannot({ path: `${path}.source`, value: mount.source }, 'a file or directory of the host that is there');
  if (options.data.length > 0 && mount.type === 'bind')
    onWarning({
      path: `${path}.options`,
      text: `has ${options.data.map(([key]) => key).join(', ')}, which mean nothing for a bind mount`,
    });
  if (options.data.length > 0 && options.remount)
    throw cannot(
      { path: `${path}.options`, value: mount.options },
      'without options of the file system, as it is only a remount',
    );
  if (options.idmap && mount.type !== 'bind')
    throw cannot(
      { path: `${path}.options`, value: mount.options },
      `without ${options.idmap}, which is for bind mounts`,
    );
  if (!options.idmap && (mount.uidMappings?.length ?? 0) > 0)
    throw cannot(
      { path: `${path}.uidMappings`, value: mount.uidMappings },
      'absent, as ids are mapped for bind mounts only',
    );
  if (options.copiesUp && mount.type !== 'tmpfs')
    throw cannot({ path: `${path}.options`, value: mount.options }, 'without tmpcopyup, which is for tmpfs');
  if (place.path.startsWith('/proc/') && !options.remount && !HARMLESS.has(place.path))
    throw cannot(
      { path: `${path}.destination`, value: mount.destination },
      `none below /proc but ${[...HARMLESS].join(', ')}: what a program reads and writes there is the kernel's own`,
    );
  if ((mount.type === 'proc' || mount.type === 'sysfs') && place.path !== mount.destination)
    throw cannot(
      { path: `${path}.destination`, value: mount.destination },
      `no symbolic link: it must be mounted on ordinary directory, as somebody else could lead a link elsewhere (this one leads to ${place.path} now)`,
    );
}

/**
 * What may be mounted over the container's proc, as with runc: files that only tell of the machine, which LXCFS has for each container.
 * Over others, such as those of labels, it would make believe (CVE-2019-16884).
 */
const HARMLESS: ReadonlySet<string> = new Set(
  [
    ...['cpuinfo', 'diskstats', 'meminfo', 'stat', 'swaps', 'uptime', 'loadavg', 'slabinfo'],
    ...['sys/kernel/ns_last_pid', 'sys/crypto/fips_enabled'],
  ].map((name) => `/proc/${name}`),
);

/** Files and mountpoints are still to be made in it, and a mount that is read-only takes none. */
function isDeferred({ mount, options }: Wanted): boolean {
  return mount.type === 'tmpfs' && !options.remount && asksReadOnly(options);
}

function asksReadOnly({ top, tree }: ConfigMountOptions): boolean {
  return ((Number(top.set.value) | Number(tree.set.value)) & MOUNT_ATTR.MOUNT_ATTR_RDONLY) !== 0;
}

/** Looked up again: its path is that of the mount now. */
function forbidChanges({ mount, place, why }: Wanted): Step[] {
  return [
    ...openMountpoint({ root: resultOf('rootfs'), path: place.path, kind: 'directory' }, why),
    mountSetattr(
      { mount: resultOf('target'), flags: WHOLE_MOUNT, set: flags(MOUNT_ATTR, 'MOUNT_ATTR_RDONLY') },
      `forbid changes to ${mount.destination}`,
    ),
    close(resultOf('target'), why),
  ];
}

function makeMount(
  one: Wanted,
  { early, label, context }: { early: boolean; label: string | undefined; context: MountsContext },
): Step[] {
  const { mount, index, options, place, inside, why } = one;
  if (options.remount) return remount(one);
  if (mount.type === 'cgroup' || mount.type === 'cgroup2')
    return planCgroupMount(mount, { view: context.cgroups(), path: place.path, why });
  const shown = inside ? inside.kind : context.kindOf(mount.source ?? '/');
  const kind = mount.type === 'bind' ? (shown ?? 'directory') : 'directory';
  const result = early ? earlyResult(index) : resultFor(mount);
  const target = openMountpoint({ root: resultOf('rootfs'), path: place.path, kind, links: linksTo(mount) }, why);
  if (needsLongMount(options)) return longMount(one, target);
  const isKept = result !== 'mount';
  return [
    ...(early ? [] : create(one, { result, label, context })),
    ...(options.copiesUp && place.onHost !== undefined
      ? copyUp(place.onHost, { path: place.path, mount: result, inside: context.inside })
      : []),
    ...target,
    attach(result, why),
    ...connect(options, result, why),
    ...(isKept ? [] : [close(resultOf(result), why)]),
    close(resultOf('target'), why),
  ];
}

function create(
  one: Wanted,
  { result, label, context }: { result: string; label: string | undefined; context: MountsContext },
): Step[] {
  const { mount, why } = one;
  const type = mount.type ?? 'none';
  if (type === 'bind') return cloneBind(one, result, context);
  const steps = createFilesystem(
    {
      type,
      source: mount.source,
      options: fileSystemOptions(one, TAKES_NO_CONTEXT.has(type) ? undefined : label),
      readonly: asksReadOnly(one.options) && !KERNELS.has(type),
      result,
    },
    why,
  );
  const labelled = type === 'mqueue' && label ? labelTop(result, label) : [];
  return [...steps, ...labelled, close(resultOf('fs'), why)];
}

/** File systems of the kernel's own, which have labels of their own. */
const TAKES_NO_CONTEXT = new Set(['proc', 'sysfs', 'mqueue']);
/** Those that lie on nothing: others may be on a device that is read-only itself, and have to know. */
const KERNELS = new Set([
  'proc',
  'sysfs',
  'mqueue',
  'devpts',
  'tmpfs',
  'ramfs',
  'overlay',
  'bpf',
  'debugfs',
  'tracefs',
  'securityfs',
]);

function fileSystemOptions({ mount, options, place }: Wanted, label: string | undefined): readonly string[] {
  const isLater = mount.type === 'tmpfs' && asksReadOnly(options);
  const words = (mount.options ?? []).filter(
    (option) => !RUNTIMES_OWN.test(option) && !(isLater && /^r?ro$/.test(option)),
  );
  const mode = mount.type === 'tmpfs' && place.onHost !== undefined ? [modeOf(place.onHost)] : [];
  return withContext([...mode, ...words], label);
}

/** What is not for the file system and is kept otherwise. */
const RUNTIMES_OWN = /^(tmpcopyup|noiversion|r?norelatime|rnostrictatime|r?(private|shared|slave|unbindable))$/;

function cloneBind(
  { mount, options, inside, why }: Wanted,
  result: string,
  { mayBeLocked }: Pick<MountsContext, 'mayBeLocked'>,
): Step[] {
  const whole = options.bind === 'rbind' ? (['AT_RECURSIVE'] as const) : [];
  const copy = ['OPEN_TREE_CLONE', 'OPEN_TREE_CLOEXEC', ...whole] as const;
  return [
    ...(inside
      ? copyInside(inside.path, flags(OPEN_TREE, ...copy, 'AT_EMPTY_PATH'), { why, result })
      : [openTree({ path: mount.source ?? '/', flags: flags(OPEN_TREE, ...copy) }, { why, result })]),
    // First, as what is for the whole tree is for its top too.
    ...(options.unnamed.value === 0 ? [] : clearUnnamed(options.unnamed, { result, why, mayBeLocked: mayBeLocked() })),
    ...change(options, result, why),
  ];
}

/** No link leads out of the container. */
function copyInside(path: string, copy: Flags, { why, result }: { why: string; result: string }): Step[] {
  const dir = resultOf('source');
  return [
    openInRoot({ root: resultOf('rootfs'), path, kind: 'file' }, { why, result: dir.of }),
    openTree({ dir, path: '', flags: copy }, { why, result }),
    close(dir, why),
  ];
}

/** Nobody asks for these by name, so what is locked stays: each by itself, as one that is locked would keep the others too. */
function clearUnnamed(
  unnamed: Flags,
  { result, why, mayBeLocked }: { result: string; why: string; mayBeLocked: boolean },
): Step[] {
  const clear = (some: Flags, purpose: Purpose): Step =>
    mountSetattr({ mount: resultOf(result), flags: WHOLE_MOUNT, set: flags(MOUNT_ATTR), clear: some }, purpose);
  if (!mayBeLocked) return [clear(unnamed, why)];
  return CLEARABLE.filter((name) => (Number(unnamed.value) & MOUNT_ATTR[name]) !== 0).map((name) =>
    clear(flags(MOUNT_ATTR, name), { why, tolerate: ['EPERM'] }),
  );
}

const CLEARABLE = [
  'MOUNT_ATTR_RDONLY',
  'MOUNT_ATTR_NOSUID',
  'MOUNT_ATTR_NODEV',
  'MOUNT_ATTR_NOEXEC',
  'MOUNT_ATTR_NOSYMFOLLOW',
  'MOUNT_ATTR_NODIRATIME',
  'MOUNT_ATTR__ATIME',
] as const;

/** The steps for attributes of a mount that is open; what is for the whole tree first, and what is for its top alone after it. */
function change({ tree, top }: ConfigMountOptions, result: string, why: string): Step[] {
  const one = (wanted: AttributeChange, where: typeof WHOLE_TREE): Step[] =>
    wanted.set.value === 0 && wanted.clear.value === 0
      ? []
      : [mountSetattr({ mount: resultOf(result), flags: where, ...wanted }, why)];
  return [...one(tree, WHOLE_TREE), ...one(top, WHOLE_MOUNT)];
}

function connect({ propagation }: ConfigMountOptions, result: string, why: string): Step[] {
  return propagation.map(({ kind, recursive }) =>
    mountSetattr({ mount: resultOf(result), flags: recursive ? WHOLE_TREE : WHOLE_MOUNT, propagation: kind }, why),
  );
}

/** Changes what is mounted at the place already. */
function remount({ options, place, why }: Wanted): Step[] {
  return [
    ...openMountpoint({ root: resultOf('rootfs'), path: place.path, kind: place.kind ?? 'directory' }, why),
    ...change(options, 'target', why),
    ...connect(options, 'target', why),
    close(resultOf('target'), why),
  ];
}
