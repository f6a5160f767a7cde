import { existsSync, statSync } from 'node:fs';
import type { Limits, Stats } from '@coracle/cgroups';
import { isMapped } from '@coracle/namespaces';
import type { Config } from '@coracle/oci-spec';
import { planGroup } from './cgroup/cgroup-for.ts';
import { ownGroups } from './cgroup/plan-own-cgroups.ts';
import { configure } from './config/config.ts';
import { hasNarrowDevice } from './devices/config-devices.ts';
import { thisHost } from './host.ts';
import { ownedTrees } from './idmapped/give-tree.ts';
import { checkUser } from './ids/check-user.ts';
import { idRegister } from './ids/id-register.ts';
import type { RootOwner } from './ids/root-ids.ts';
import { defaultUser, userIdsOf, wantedIds } from './ids/user-namespace.ts';
import { userOf } from './ids/user-of.ts';
import type { Isolation } from './isolation.ts';
import { labelledTrees } from './labels/labelled-trees.ts';
import { landlockFor } from './landlock/landlock-for.ts';
import type { ContainerOptions, RootOption } from './options/options.ts';
import { ownFilesFor } from './own-files.ts';
import { assemble } from './plan/assemble.ts';
import type { Plan } from './plan/plan.ts';
import { randomId } from './random-id.ts';
import { defaultStateRoot } from './state/state-root.ts';

/** The group `tty`. */
const TTY = 5;

/** A container thought through, and nothing done yet. */
export interface Prepared {
  id: string;
  plan: Plan;
  config: Config;
  stateRoot: string;
  /** All of it but what only the start tells. */
  isolation: Omit<Isolation, 'agent'>;
  /** Makes sense of what the monitor read of the cgroup at the end. */
  readStats(texts: readonly string[]): Partial<Stats>;
  limits: Limits;
  cgroups: readonly string[];
  /** Files by which a further program joins the cgroup. */
  doors: readonly string[];
  /** Directories of the kernel beside those of the cgroup that go with the container; none if absent. */
  directories?: readonly string[];
  /** Ends what lives on when the first process has ended; nothing can, where that is process 1 of its own namespace. */
  endAll?: () => Promise<void>;
}

/**
 * From options to a plan, by way of an OCI configuration.
 * @throws {OptionError} for options that cannot be meant; SystemError for paths that are not there and for limits that
 *   were asked for and cannot be had
 */
export function prepare(
  options: ContainerOptions,
  { terminalSettings }: { terminalSettings?: Uint8Array | undefined } = {},
): Prepared {
  const host = thisHost();
  const id = randomId();
  const wanted = wantedIds(options.userNamespace, host);
  const owner = wanted && ownerOf(options.root);
  const idMaps = wanted && host.idMaps(wanted, owner);
  const inUserNamespace = idMaps !== undefined;
  const { available, bounding } = host.capabilities(inUserNamespace);
  const { config, root, isHostRoot, limits } = configure(
    { ...options, user: options.user ?? defaultUser(wanted, host) },
    {
      id,
      inUserNamespace,
      hasTty: !idMaps || isMapped(idMaps.gids, { containerId: TTY }),
      fileIds: host.uid === 0 ? idMaps : undefined,
      available,
      modules: host.modules,
      hidden: host.hidden,
    },
  );
  if (idMaps && config.process) checkUser(userOf(config.process), idMaps);
  const group = planGroup({
    machine: host.machine,
    id,
    limits,
    explicit: options.limits ?? {},
    devices: config.linux?.resources?.devices,
    needsDevices: !inUserNamespace || hasNarrowDevice(options),
  });
  const own = ownGroups(host.hierarchies, group.plan?.directories ?? []);
  const sharesNetwork = options.network === 'host';
  const hostRoot = isHostRoot ? (sharesNetwork ? host.hostRootSharingNetwork : host.hostRoot) : undefined;
  return assemble(
    {
      id,
      name: options.name,
      stateRoot: options.stateRoot ?? defaultStateRoot(host.uid),
      config: own.length > 0 ? config : withoutCgroups(config),
      ownGroups: own,
      ownFiles: () =>
        ownFilesFor({
          root,
          mounts: config.mounts ?? [],
          hostname: config.hostname ?? 'localhost',
          hosts: () => (sharesNetwork ? host.hosts : undefined),
          resolvConf: host.resolvConf,
        }),
      root,
      hostRoot,
      group,
      limits,
      idMaps,
      idRegister: host.uid === 0 && wanted?.mode === 'auto' ? { path: idRegister(), owner } : undefined,
      userIds: userIdsOf(wanted, idMaps),
      owned: ownedTrees(options.volumes ?? [], {
        user: userOf(config.process ?? {}),
        idMaps,
        isRoot: host.uid === 0,
      }),
      labelled: labelledTrees(options.volumes ?? [], config.linux?.mountLabel),
      bounding,
      landlock: landlockFor(options, { config, hostRoot, kindOf: host.kindOf, version: () => host.landlock }),
      init: options.init === true,
      terminalSettings,
    },
    host,
  );
}

/** Where it has no group there is none to be seen, and none of the host's is. */
function withoutCgroups({ mounts = [], ...config }: Config): Config {
  return { ...config, mounts: mounts.filter(({ type }) => type !== 'cgroup') };
}

/** Of a directory that is not there `configure` tells. */
function ownerOf(root: RootOption = 'host'): RootOwner | undefined {
  if (root === 'host') return undefined;
  const path = typeof root === 'string' ? root : root.path;
  const stats = existsSync(path) ? statSync(path) : undefined;
  return stats && { uid: stats.uid, gid: stats.gid, path };
}
