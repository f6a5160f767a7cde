import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { type AvailableCapabilities, availableCapabilities } from '@coracle/capabilities';
import { detect, type Machine, type OwnHierarchy, ownHierarchies } from '@coracle/cgroups';
import {
  type HostRoot,
  hostsTextOfHost,
  inspectHost,
  inspectNullDevice,
  type PathKind,
  resolvConfText,
} from '@coracle/chroot-fs';
import { type IdMapHelpers, type IdMaps, parseIdMap, parseSubids, planIdMaps, sameIdMaps } from '@coracle/namespaces';
import { landlockVersion } from '@coracle/syscalls';
import { findProgram } from './find-program.ts';
import { lookUpTaken } from './ids/id-register.ts';
import { idNotOwned } from './ids/own-user-namespace.ts';
import { idsOfRoot, type RootOwner } from './ids/root-ids.ts';
import type { WantedIds } from './ids/user-namespace.ts';
import { HostModules } from './labels/security-modules.ts';
import { OptionError } from './options/option-error.ts';

/** What is asked of the host once and holds for the life of this process. */
export class Host {
  readonly uid: number = process.geteuid?.() ?? 0;
  readonly gid: number = process.getegid?.() ?? 0;
  readonly modules: HostModules = new HostModules();
  readonly #kinds = new Map<string, PathKind>();
  readonly #capabilities = new Map<boolean, AvailableCapabilities>();
  #landlock: number | undefined;
  #hidden: readonly string[] | undefined;
  #nullDevice: number | undefined;
  #hosts: { text: string | undefined } | undefined;
  #resolvConf: { text: string | undefined } | undefined;
  #machine: Machine | undefined;
  #hierarchies: readonly OwnHierarchy[] | undefined;
  #hostRoot: HostRoot | undefined;
  readonly #idMaps = new Map<string, IdMaps>();

  /** The cgroups of this machine. */
  get machine(): Machine {
    this.#machine ??= detect();
    return this.#machine;
  }

  /** Where cgroups are mounted. */
  get hierarchies(): readonly OwnHierarchy[] {
    this.#hierarchies ??= ownHierarchies();
    return this.#hierarchies;
  }

  /** Type and permission bits of /dev/null, which was seen to be the null device. */
  get nullDevice(): number {
    this.#nullDevice ??= inspectNullDevice();
    return this.#nullDevice;
  }

  /** What of this host a container in the `host` root sees. */
  get hostRoot(): HostRoot {
    this.#hostRoot ??= inspectHost();
    return this.#hostRoot;
  }

  /** What is known of name servers. */
  readonly resolvConf = (): string | undefined => {
    this.#resolvConf ??= { text: resolvConfText() };
    return this.#resolvConf.text;
  };

  /** What names of others a container that shares the network is to know: the host's. */
  get hosts(): string | undefined {
    this.#hosts ??= { text: hostsTextOfHost() };
    return this.#hosts.text;
  }

  /** {@link hostRoot} for a container that shares the network, and so knows others by the names the host has for them. */
  get hostRootSharingNetwork(): HostRoot {
    const { copied, ...rest } = this.hostRoot;
    return { ...rest, copied: this.hosts === undefined ? copied : [...copied, '/etc/hosts'] };
  }

  /** What this machine tells of its processors' heat, and so of what others do on them; Docker hides it as well. */
  get hidden(): readonly string[] {
    this.#hidden ??= thermalPaths();
    return this.#hidden;
  }

  /**
   * How user ids are mapped for a container with a user namespace. Root's containers have ids of their own each: what is free now
   * may be another's when it comes to be taken.
   * @param owner of the container's root directory
   */
  idMaps(wanted: WantedIds, owner?: RootOwner): IdMaps {
    if (this.uid === 0 && wanted.mode === 'auto') return freeIds(owner);
    const key = JSON.stringify(wanted);
    const maps = this.#idMaps.get(key) ?? (this.uid === 0 ? allIds() : this.#userMaps(wanted));
    this.#idMaps.set(key, maps);
    return maps;
  }

  /** Where newuidmap(1) and newgidmap(1) are; `undefined` where they are not installed. */
  get helpers(): IdMapHelpers | undefined {
    return idMapHelpers();
  }

  #userMaps(wanted: WantedIds): IdMaps {
    const { uid, gid, helpers } = this;
    const owner = { name: userName(uid), id: uid };
    const maps = planIdMaps({
      uid,
      gid,
      subuids: parseSubids(textOf('/etc/subuid'), owner),
      subgids: parseSubids(textOf('/etc/subgid'), owner),
      hasNewidmap: helpers !== undefined,
      ...(wanted.mode === 'keep-id' ? { inside: { uid, gid, ...wanted.inside } } : {}),
    });
    return helpers && maps.how === 'helper' ? { ...maps, helpers } : maps;
  }

  /** The capabilities that a container's first process begins with, and those that can be given to it. */
  capabilities(inUserNamespace: boolean): AvailableCapabilities {
    const known = this.#capabilities.get(inUserNamespace);
    const found = known ?? availableCapabilities({ entersUserNamespace: inUserNamespace });
    this.#capabilities.set(inUserNamespace, found);
    return found;
  }

  /** The version of Landlock; 0 for none. */
  get landlock(): number {
    this.#landlock ??= landlockVersion();
    return this.#landlock;
  }

  /** What a path of the host is; remembered for the kernel's own files, which do not change. */
  readonly kindOf = (path: string): PathKind => {
    const isKernels = path.startsWith('/proc/') || path.startsWith('/sys/');
    if (isKernels && this.#kinds.has(path)) return this.#kinds.get(path);
    const kind = kindOf(path);
    if (isKernels) this.#kinds.set(path, kind);
    return kind;
  };
}

function kindOf(path: string): PathKind {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) return undefined;
  return stats.isDirectory() ? 'directory' : 'file';
}

/**
 * Directories of all processors that count how often they were slowed down. All have one or none has, as a rule a virtual machine.
 * @param directory where the processors are; a parameter for tests
 */
export function thermalPaths(directory = '/sys/devices/system/cpu'): string[] {
  const of = (cpu: string): string => `${directory}/${cpu}/thermal_throttle`;
  if (!existsSync(of('cpu0'))) return [];
  return readdirSync(directory)
    .filter((name) => /^cpu\d+$/.test(name))
    .map(of)
    .filter((path) => existsSync(path));
}

function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** An id without an entry in the password file has no name; its subordinate ids can still be listed by number. */
function userName(uid: number): string {
  try {
    return process.getBuiltinModule('node:os').userInfo().username;
  } catch {
    return String(uid);
  }
}

function allIds(): IdMaps {
  const own = ownMaps();
  return sameIdMaps({ uids: parseIdMap(own.uidMap), gids: parseIdMap(own.gidMap) });
}

function ownMaps(): { uidMap: string; gidMap: string } {
  return { uidMap: textOf('/proc/self/uid_map'), gidMap: textOf('/proc/self/gid_map') };
}

function freeIds(owner: RootOwner | undefined): IdMaps {
  const [subuid, subgid] = [textOf('/etc/subuid'), textOf('/etc/subgid')];
  const maps = lookUpTaken((isTaken) => idsOfRoot({ subuid, subgid, isTaken, owner }));
  const missing = idNotOwned(maps, ownMaps());
  if (missing === undefined) return maps;
  throw new OptionError(
    'userNamespace',
    `this root is that of a user namespace, as in a container of rootless podman, and has no id ${missing} to give away`,
    'run with --userns keep-id',
  );
}

function idMapHelpers(): IdMapHelpers | undefined {
  const searchPath = process.env['PATH'];
  const [newuidmap, newgidmap] = [findProgram('newuidmap', searchPath), findProgram('newgidmap', searchPath)];
  return newuidmap === undefined || newgidmap === undefined ? undefined : { newuidmap, newgidmap };
}

let host: Host | undefined;

/** This machine, as far as containers care. */
export function thisHost(): Host {
  host ??= new Host();
  return host;
}
