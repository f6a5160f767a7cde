import type { HostRoot, OlderCalls, OwnFile, PathKind, Restriction, RootSource } from '@coracle/chroot-fs';
import type { IdMaps } from '@coracle/namespaces';
import type { Config } from '@coracle/oci-spec';
import type { Program, Step } from '@coracle/syscalls';
import type { CgroupPlan } from '../cgroup/cgroup-plan.ts';
import type { OwnGroup } from '../cgroup/plan-own-cgroups.ts';
import type { HidesFiles } from '../devices/device-source.ts';
import type { OwnedTree } from '../idmapped/give-tree.ts';
import { type IdmappedTree, idmappedTrees } from '../idmapped/plan-idmapped.ts';
import { claimIds, type IdRegister } from '../ids/id-register.ts';
import { joinsUserNamespace } from '../ids/joined-user-namespace.ts';
import type { LabelledTree } from '../labels/labelled-trees.ts';
import type { Landlock } from '../landlock/plan-landlock.ts';
import { filterFor } from '../seccomp/filter-for.ts';
import type { Further } from './plan-further.ts';
import { namespaceTypes, type Part, planInit } from './plan-init.ts';
import { planBirth, planMonitor } from './plan-monitor.ts';
import { planProcess } from './plan-process.ts';

/** Everything a container is made from; all of it plain data. */
export interface PlanInput {
  id: string;
  name: string | undefined;
  stateRoot: string;
  config: Config;
  root: RootSource;
  hostRoot: HostRoot | undefined;
  cgroup: CgroupPlan | undefined;
  /** Groups of the container's own, for it to see; none if absent. */
  ownGroups?: readonly OwnGroup[] | undefined;
  /** Looks for files of the container's own, for it to see in place of the root's, while the monitor is at work; none if absent. */
  ownFiles?: (() => readonly OwnFile[]) | undefined;
  /** How user ids are mapped, in a container with a user namespace. */
  idMaps: IdMaps | undefined;
  /** Where these ids are taken, so that no other container gets any of them; not at all if absent. */
  idRegister?: IdRegister | undefined;
  /** Trees to be given to the user of the container; none if absent. */
  owned?: readonly OwnedTree[];
  /** Trees to be given a label; none if absent. */
  labelled?: readonly LabelledTree[] | undefined;
  kindOf: (path: string) => PathKind;
  /** Whether mounts can be copied that are attached nowhere. */
  canDetach: boolean;
  /** What masked files are hidden behind. */
  hidesFiles: HidesFiles;
  /** Translates the set-up, where mounts cannot be made by descriptor. */
  olderCalls?: OlderCalls | undefined;
  /** The bounding set that the first process begins with. */
  bounding: bigint;
  /** What Landlock keeps it from, if anything. */
  landlock: Landlock | undefined;
  init: boolean;
  /** The caller's terminal settings, to be put back at the end. */
  terminalSettings: Uint8Array | undefined;
  /** What only a config.json can ask for; nothing if absent. */
  further?: Further | undefined;
}

/**
 * The programs of a container, ready to be run or to be explained. Those of the init are made when they are first asked for:
 * by then the monitor is at work.
 */
export interface Plan {
  id: string;
  program: string;
  /** Run by the monitor, from before the birth to after the end. */
  monitor: Program;
  /** What of it makes the cgroup and the init, for a container that nobody of ours watches. */
  readonly birth: readonly Step[];
  /** Run by the init: the set-up, in the parts that `explain` shows. */
  readonly parts: readonly Part[];
  readonly setup: readonly Step[];
  /** What the mounts have to forbid after the set-up, by mountpoint, where that is still to be looked at. */
  readonly restrictions: ReadonlyMap<string, Restriction> | undefined;
  /** Run by the init at last: it becomes the program. */
  readonly start: readonly Step[];
  idMaps: IdMaps | undefined;
  /** Where the monitor takes them. */
  idRegister: IdRegister | undefined;
  /** Given to the user of the container by the caller, before anything is made. */
  owned: readonly OwnedTree[];
  /** Given a SELinux label by the caller, likewise. */
  labelled: readonly LabelledTree[];
  /** Copied and handed to the init by the caller, between its birth and its set-up. */
  idmapped: readonly IdmappedTree[];
  init: boolean;
  terminal: boolean;
  /** The filter asks about some calls. */
  notifies: boolean;
  landlock: Landlock | undefined;
  statFiles: readonly string[];
}

/** Puts the steps of all packages in their order. Nothing is done, and nothing looked up but what the input has functions for. */
export function makePlan(input: PlanInput): Plan {
  const { config, idMaps, further } = input;
  const process = config.process;
  if (!process) throw new TypeError('the configuration has no process');
  const notifies = config.linux?.seccomp !== undefined && filterFor(config.linux.seccomp).notifies;
  const { root, olderCalls } = input;
  const idmapped = further?.idmapped ?? (idMaps ? idmappedTrees(config, root) : []);
  const parts = once(() => {
    const planned = planInit({ ...input, idmapped, isTranslated: olderCalls !== undefined });
    if (!olderCalls) return planned;
    return planned.map(({ question, steps }) => ({ question, steps: olderCalls.translate(steps) }));
  });
  const start = once(() =>
    planProcess({
      process,
      seccomp: config.linux?.seccomp,
      bounding: input.bounding,
      landlock: input.landlock,
      makeWorkingDirectory: process.cwd !== '/',
      settings: further?.settings ?? [],
      canSetGroups: joinsUserNamespace(config) ? 'unknown' : idMaps?.how !== 'single',
      init: input.init,
    }),
  );
  return {
    id: input.id,
    program: process.args?.[0] ?? '',
    monitor: planMonitor({
      id: input.id,
      name: input.name,
      stateRoot: input.stateRoot,
      namespaces: namespaceTypes(config),
      further,
      claim: idMaps && input.idRegister !== undefined ? claimIds(idMaps, input.idRegister) : [],
      cgroup: input.cgroup,
      hasHandover: process.terminal === true || notifies || idmapped.length > 0,
      terminal: input.terminalSettings,
    }),
    get birth() {
      return planBirth({ cgroup: input.cgroup, namespaces: namespaceTypes(config), further });
    },
    get parts() {
      return parts();
    },
    get setup() {
      return parts().flatMap(({ steps }) => steps);
    },
    restrictions: olderCalls?.restrictions,
    get start() {
      return start();
    },
    idMaps,
    idRegister: input.idRegister,
    owned: input.owned ?? [],
    labelled: input.labelled ?? [],
    idmapped,
    init: input.init,
    terminal: process.terminal === true,
    notifies,
    landlock: input.landlock,
    statFiles: input.cgroup?.statFiles ?? [],
  };
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
