import {
  attach,
  bindDevices,
  cloneTree,
  createFilesystem,
  enterNewRoot,
  furnishHostRoot,
  type HostRoot,
  holdNullDevice,
  keepMountsPrivate,
  leaveOldRoot,
  makeReadOnly,
  makeRootReadOnly,
  maskPaths,
  type OwnFile,
  openMountpoint,
  type PathKind,
  parseMountOptions,
  populateDev,
  type RootSource,
  showOwnFiles,
} from '@coracle/chroot-fs';
import { type IdMaps, isMapped, loopbackUp, type NamespaceType, setDomainname, setHostname } from '@coracle/namespaces';
import type { Config, Mount } from '@coracle/oci-spec';
import { createProc, createSysfs } from '@coracle/procfs-mount';
import {
  closeRange,
  dup3,
  flags,
  MS,
  OPEN,
  PR,
  prctl,
  resultOf,
  SIGKILL,
  type Step,
  setresgid,
  setresuid,
  umask,
} from '@coracle/syscalls';
import { type OwnGroup, showOwnGroups } from '../cgroup/plan-own-cgroups.ts';
import type { HidesFiles } from '../devices/device-source.ts';
import { bindOptions, earlyResult, type IdmappedTree, isIdmapped, takeIdmapped } from '../idmapped/plan-idmapped.ts';
import { joinsUserNamespace } from '../ids/joined-user-namespace.ts';
import { labelTop, withContext } from '../labels/label-mounts.ts';
import { isLabelled, joinOwnKeyring, labelContainer } from '../labels/plan-labels.ts';
import { filterFor } from '../seccomp/filter-for.ts';
import { FDS } from './descriptors.ts';
import type { Further } from './plan-further.ts';
import { writeSysctls } from './plan-sysctls.ts';
import { openTerminal } from './plan-terminal.ts';

/** What the set-up of a container depends on beside its configuration. */
export interface InitPlan {
  config: Config;
  root: RootSource;
  /** Groups of the container's own; none if absent. */
  ownGroups?: readonly OwnGroup[] | undefined;
  /** Files of the container's own, for it to see in place of the root's; none if absent. */
  ownFiles?: (() => readonly OwnFile[]) | undefined;
  /** What of the host to show, for the `host` root. */
  hostRoot: HostRoot | undefined;
  /** How user ids are mapped, in a container with a user namespace. */
  idMaps: IdMaps | undefined;
  /** Trees that the caller hands over. */
  idmapped: readonly IdmappedTree[];
  /** What a path of the host is: the kernel's own files are the same inside. */
  kindOf: (path: string) => PathKind;
  /** Whether mounts can be copied that are attached nowhere. */
  canDetach: boolean;
  /** Whether the steps are translated into the older mount calls, which attach each mount when it is made. */
  isTranslated?: boolean;
  /** What masked files are hidden behind. */
  hidesFiles: HidesFiles;
  /** What only a config.json can ask for. */
  further?: Further | undefined;
}

/** Steps and the question they answer: `explain` prints them so, the program runs them one after the other. */
export interface Part {
  question: string;
  steps: Step[];
}

/**
 * The set-up of the container, run by its first process: from a copy of the host's view to a place of its own. At its end
 * the container exists and waits for its program: the state *created* of the OCI runtime specification.
 */
export function planInit(plan: InitPlan): Part[] {
  const { config } = plan;
  const namespaces = namespaceTypes(config);
  return [
    { question: 'What keeps the agent safe while it works?', steps: guardAgent(plan) },
    { question: 'What files does it see?', steps: (plan.further?.files ?? makeFiles)(plan) },
    { question: 'What settings of the kernel are its own?', steps: writeSysctls(config) },
    { question: 'What of the kernel is hidden from it?', steps: hideKernel(plan) },
    { question: 'What is it called, and what network has it?', steps: nameIt(config, namespaces) },
    ...(config.process?.terminal ? [{ question: 'What terminal has it?', steps: openTerminal(config.process) }] : []),
    ...(isLabelled(config.process)
      ? [{ question: 'Which profile and label will the program have?', steps: labelContainer(config) }]
      : []),
    {
      question: 'What of the host is still open?',
      steps: closeAll(config),
    },
  ];
}

function guardAgent({ idMaps, config }: InitPlan): Step[] {
  return [
    ...(idMaps ? becomeFirst(idMaps) : []),
    ...(joinsUserNamespace(config) ? becomeRoot() : []),
    prctl(flags(PR, 'PR_SET_DUMPABLE'), [0], 'let nobody trace the agent or read its memory'),
    prctl(flags(PR, 'PR_SET_PDEATHSIG'), [SIGKILL], 'end with the monitor, whatever happens'),
    umask(0, 'make files with exactly the modes asked for'),
    // One with a label is made when a proc is there.
    ...(config.process?.selinuxLabel ? [] : [joinOwnKeyring()]),
  ];
}

/**
 * In a user namespace the init is born as nobody the namespace knows, unless it was its maker's own id that is mapped to root.
 * What it makes is to belong to root; where there is no root, to the only user there is.
 */
function becomeFirst({ uids, gids }: IdMaps): Step[] {
  const hasRoot = isMapped(uids, { containerId: 0 }) && isMapped(gids, { containerId: 0 });
  const why = hasRoot ? 'become root of the user namespace' : 'become the user of the user namespace';
  const [uid = 0, gid = 0] = hasRoot ? [] : [uids[0]?.containerId, gids[0]?.containerId];
  return [setresgid(gid, why), setresuid(uid, why)];
}

/** In a namespace that was there before, which most likely has a root. */
export function becomeRoot(): Step[] {
  const purpose = { why: 'become root of the user namespace', tolerate: ['EINVAL'] } as const;
  return [setresgid(0, purpose), setresuid(0, purpose)];
}

/** A filter with a listener is loaded after this; the socket for it stays open until the program starts. */
function closeAll({ linux }: Config): Step[] {
  const why = 'close every descriptor but input, output and the socket';
  if (!linux?.seccomp || !filterFor(linux.seccomp).notifies) return [closeRange({ first: FDS.initSocket }, why)];
  return [
    dup3({ from: FDS.handover, to: FDS.lateHandover, flags: flags(OPEN, 'O_CLOEXEC') }, why),
    closeRange({ first: FDS.initSocket, last: FDS.lateHandover - 1 }, why),
    closeRange({ first: FDS.lateHandover + 1 }, why),
  ];
}

/** The kinds of namespace a configuration makes anew. */
export function namespaceTypes(config: Config): NamespaceType[] {
  return (config.linux?.namespaces ?? []).filter(({ path }) => path === undefined).map(({ type }) => type);
}

function makeFiles(plan: InitPlan): Step[] {
  const { config, root, hostRoot } = plan;
  return [
    ...takeIdmapped(plan.idmapped),
    ...copySharing(config),
    keepMountsPrivate(),
    ...holdForMasks(plan),
    ...enterNewRoot(root, withContext([], config.linux?.mountLabel)),
    ...(hostRoot ? furnishHostRoot(hostRoot, { hostname: config.hostname ?? 'localhost' }) : []),
    ...showOwnFiles(plan.ownFiles?.() ?? [], {
      readonly: config.root?.readonly === true,
      options: withContext([], config.linux?.mountLabel),
      copiesDetached: plan.canDetach || plan.isTranslated === true,
    }),
    ...makeMounts(plan),
    ...(plan.idMaps && !bringsOwnDev(config)
      ? bindDevices('rootfs', { except: destinations(config), isOwner: isMapped(plan.idMaps.uids, { hostId: 0 }) })
      : []),
    ...leaveOldRoot(),
    ...(config.root?.readonly ? [makeRootReadOnly()] : []),
  ];
}

/** While the host's files are reachable by path. */
export function holdForMasks({ hidesFiles }: Pick<InitPlan, 'hidesFiles'>): Step[] {
  return hidesFiles.mode === undefined ? [] : holdNullDevice(hidesFiles.mode);
}

/**
 * Mounts that stay connected with the host's are copied while they are: a copy is a peer of what it was made from, and it
 * is out of reach of the step that then makes every other mount private.
 */
function copySharing(config: Config): Step[] {
  return (config.mounts ?? []).flatMap((mount, index) =>
    isSharing(mount) && !isIdmapped(mount)
      ? createMount(mount, { why: purposeOf(mount), result: earlyResult(index) })
      : [],
  );
}

function isSharing({ type, options = [] }: Mount): boolean {
  if (type !== 'bind') return false;
  const { propagation } = parseMountOptions(options);
  return propagation?.value === MS.MS_SLAVE || propagation?.value === MS.MS_SHARED;
}

function makeMounts({ config, idMaps, kindOf, ownGroups = [] }: InitPlan): Step[] {
  const opened = new Set<string>();
  return (config.mounts ?? []).flatMap((mount, index) => {
    if (mount.type === 'cgroup')
      return showOwnGroups(mount, { groups: ownGroups, label: config.linux?.mountLabel, opened });
    const why = purposeOf(mount);
    const kind = mount.type === 'bind' ? (kindOf(mount.source ?? '/') ?? 'directory') : 'directory';
    const copied = isSharing(mount) || isIdmapped(mount);
    return [
      ...(copied ? [] : createMount(mount, { why, result: resultFor(mount), label: config.linux?.mountLabel })),
      ...(mount.destination === '/dev' && mount.type !== 'bind'
        ? populateDev({ dev: 'mount', source: idMaps ? 'bind' : 'mknod' })
        : []),
      ...openMountpoint(
        { root: resultOf('rootfs'), path: mount.destination, kind, links: linksTo(mount) },
        why,
        opened,
      ),
      attach(copied ? earlyResult(index) : resultFor(mount), why),
    ];
  });
}

function destinations({ mounts = [] }: Config): string[] {
  return mounts.map(({ destination }) => destination);
}

/** A directory of the host as /dev is used as it is; nothing is made in it. */
function bringsOwnDev({ mounts = [] }: Config): boolean {
  return mounts.some(({ destination, type }) => destination === '/dev' && type === 'bind');
}

/** An image chooses where its own files lie, not where the kernel's do (CVE-2019-19921). */
export function linksTo({ type }: Mount): 'follow' | 'refuse' {
  return type === 'proc' || type === 'sysfs' ? 'refuse' : 'follow';
}

/** The results that are /proc and /sys: what is hidden of them later is reached by descriptor, since their paths may be swapped. */
const KERNEL_MOUNTS: Readonly<Record<string, string>> = { '/proc': 'proc', '/sys': 'sysfs' };

/** The result that is a mount's descriptor: a name of its own for those that are used again. */
export function resultFor({ type, destination }: Mount): string {
  const own = KERNEL_MOUNTS[destination];
  return own !== undefined && own === type ? own : 'mount';
}

function createMount(
  mount: Mount,
  { why, result, label }: { why: string; result: string; label?: string | undefined },
): Step[] {
  const options = mount.options ?? [];
  switch (mount.type) {
    case 'bind':
      return cloneTree({ source: mount.source ?? '/', options: bindOptions(mount), result }, why);
    case 'proc':
      return createProc({ result });
    case 'sysfs':
      return createSysfs({ readonly: options.includes('ro'), result });
    // There is one for each ipc namespace, older than the mount: the kernel takes no label for it here.
    case 'mqueue':
      return [
        ...createFilesystem({ type: mount.type, source: mount.source, options, result }, why),
        ...(label ? labelTop(result, label) : []),
      ];
    default:
      return createFilesystem(
        { type: mount.type ?? 'tmpfs', source: mount.source, options: withContext(options, label), result },
        why,
      );
  }
}

/** What the usual mounts are for. */
const PURPOSES: Readonly<Record<string, string>> = {
  '/proc': "make the container's processes visible to ps",
  '/dev': 'give the container a /dev of its own',
  '/dev/pts': 'give the container terminals of its own',
  '/dev/shm': 'give the container shared memory of its own',
  '/dev/mqueue': 'give the container message queues of its own',
  '/sys': 'show the devices of the container, read-only',
};

/** What a mount is for, in words. */
export function purposeOf(mount: Mount): string {
  if (mount.type === 'bind') return `bring in ${mount.source} as ${mount.destination}`;
  return PURPOSES[mount.destination] ?? `mount a ${mount.type} on ${mount.destination}`;
}

function hideKernel({ config, kindOf, canDetach, hidesFiles }: InitPlan): Step[] {
  const mounted = (config.mounts ?? []).flatMap((mount): [string, string][] =>
    resultFor(mount) === 'mount' ? [] : [[mount.destination, resultFor(mount)]],
  );
  const mounts = Object.fromEntries(mounted);
  const behind = { copiesDetached: canDetach, nullDevice: hidesFiles.source };
  return [
    ...maskPaths(config.linux?.maskedPaths ?? [], kindOf, { mounts, ...behind }),
    ...makeReadOnly(config.linux?.readonlyPaths ?? [], kindOf, { mounts }),
  ];
}

function nameIt(config: Config, namespaces: readonly NamespaceType[]): Step[] {
  return [
    ...(config.hostname !== undefined ? setHostname(config.hostname) : []),
    ...(config.domainname !== undefined ? setDomainname(config.domainname) : []),
    ...(namespaces.includes('network') ? loopbackUp() : []),
  ];
}
