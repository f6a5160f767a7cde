import type { Limits } from '@coracle/cgroups';
import type { HostRoot, RootSource } from '@coracle/chroot-fs';
import type { IdMaps } from '@coracle/namespaces';
import type { Config } from '@coracle/oci-spec';
import { doorsOf, type Group } from '../cgroup/cgroup-for.ts';
import { hidesFiles } from '../devices/device-source.ts';
import type { Host } from '../host.ts';
import type { OwnedTree } from '../idmapped/give-tree.ts';
import type { IdRegister } from '../ids/id-register.ts';
import type { UserIds } from '../ids/user-namespace.ts';
import { isolationOf, landlockedBy, reportedLimits } from '../isolation.ts';
import type { LabelledTree } from '../labels/labelled-trees.ts';
import type { LandlockFor } from '../landlock/landlock-for.ts';
import { canDetach, olderCalls } from '../mount-calls.ts';
import type { Prepared } from '../prepare.ts';
import { makePlan, type PlanInput } from './plan.ts';

/** A container whose every question is answered: what {@link assemble} makes the plan from. */
export interface Parts {
  id: string;
  name: string | undefined;
  stateRoot: string;
  config: Config;
  root: RootSource;
  hostRoot: HostRoot | undefined;
  group: Group;
  limits: Limits;
  /** Groups of the container's own, for it to see; none if absent. */
  ownGroups?: PlanInput['ownGroups'];
  /** Files of its own where the root has others; none if absent. */
  ownFiles?: PlanInput['ownFiles'];
  idMaps: IdMaps | undefined;
  /** Where these ids are taken, so that no other container gets any of them; not at all if absent. */
  idRegister?: IdRegister | undefined;
  userIds: UserIds;
  owned: readonly OwnedTree[];
  labelled?: readonly LabelledTree[];
  bounding: bigint;
  landlock: LandlockFor;
  init: boolean;
  terminalSettings: Uint8Array | undefined;
  /** What only a config.json can ask for; nothing if absent. */
  further?: PlanInput['further'];
}

/** The half of the road that options and a config.json share: from an OCI configuration to the programs of a container. */
export function assemble(parts: Parts, host: Host): Prepared {
  const { id, config, root, hostRoot, group, idMaps, landlock } = parts;
  const older = olderCalls(host);
  const plan = makePlan({
    id,
    name: parts.name,
    stateRoot: parts.stateRoot,
    config,
    root,
    hostRoot,
    cgroup: group.plan,
    ownGroups: parts.ownGroups,
    ownFiles: parts.ownFiles,
    idMaps,
    idRegister: parts.idRegister,
    owned: parts.owned,
    labelled: parts.labelled,
    kindOf: host.kindOf,
    canDetach: canDetach(),
    hidesFiles: hidesFiles(config, host, { isOlder: older !== undefined }),
    olderCalls: older,
    bounding: parts.bounding,
    landlock: landlock.landlock,
    init: parts.init,
    terminalSettings: parts.terminalSettings,
    further: parts.further,
  });
  if (older) plan.setup; // what they cannot do is said before anything is done
  return {
    id,
    plan,
    config,
    stateRoot: parts.stateRoot,
    limits: parts.limits,
    cgroups: group.plan?.directories ?? [],
    doors: group.plan ? doorsOf(group.plan) : [],
    readStats: group.readStats,
    isolation: {
      ...isolationOf(config, host.modules),
      userIds: parts.userIds,
      root: hostRoot ? 'host' : (config.root?.path ?? '/'),
      limits: reportedLimits(group.inForce),
      landlock: landlockedBy(landlock.landlock),
      missing: [...group.missing, ...landlock.missing],
      cgroup: group.version,
      mountCalls: older ? 'path' : 'descriptor',
    },
  };
}
