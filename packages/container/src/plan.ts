import type { HostRoot, PathKind, RootSource } from '@coracle/chroot-fs';
import type { IdMaps } from '@coracle/namespaces';
import type { Config } from '@coracle/oci-spec';
import type { Program, Step } from '@coracle/syscalls';
import type { CgroupPlan } from './cgroup-plan.ts';
import { filterFor } from './filter-for.ts';
import { namespaceTypes, type Part, planInit } from './plan-init.ts';
import { planMonitor } from './plan-monitor.ts';
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
  /** How user ids are mapped, in a container with a user namespace. */
  idMaps: IdMaps | undefined;
  kindOf: (path: string) => PathKind;
  /** The bounding set that the first process begins with. */
  bounding: bigint;
  /** Keep it from the host's abstract sockets, by Landlock. */
  scoped: boolean;
  init: boolean;
  /** The caller's terminal settings, to be put back at the end. */
  terminalSettings: Uint8Array | undefined;
}

/** The programs of a container, ready to be run or to be explained. */
export interface Plan {
  id: string;
  program: string;
  /** Run by the monitor, from before the birth to after the end. */
  monitor: Program;
  /** Run by the init: the set-up, in the parts that `explain` shows. */
  parts: readonly Part[];
  setup: readonly Step[];
  /** Run by the init at last: it becomes the program. */
  start: readonly Step[];
  idMaps: IdMaps | undefined;
  init: boolean;
  terminal: boolean;
  /** The filter asks about some calls. */
  notifies: boolean;
  scoped: boolean;
  statFiles: readonly string[];
}

/** Puts the steps of all packages in their order. Pure: nothing is looked up, nothing is done. */
export function makePlan(input: PlanInput): Plan {
  const { config, idMaps } = input;
  const process = config.process;
  if (!process) throw new TypeError('the configuration has no process');
  const notifies = config.linux?.seccomp !== undefined && filterFor(config.linux.seccomp).notifies;
  const inUserNamespace = idMaps !== undefined;
  const parts = planInit({ config, root: input.root, hostRoot: input.hostRoot, inUserNamespace, kindOf: input.kindOf });
  return {
    id: input.id,
    program: process.args?.[0] ?? '',
    monitor: planMonitor({
      id: input.id,
      name: input.name,
      stateRoot: input.stateRoot,
      namespaces: namespaceTypes(config),
      cgroup: input.cgroup,
      hasHandover: process.terminal === true || notifies,
      terminal: input.terminalSettings,
    }),
    parts,
    setup: parts.flatMap(({ steps }) => steps),
    start: planProcess({
      process,
      seccomp: config.linux?.seccomp,
      bounding: input.bounding,
      scoped: input.scoped,
      makeWorkingDirectory: process.cwd !== '/',
      canSetGroups: idMaps?.how !== 'single',
      init: input.init,
    }),
    idMaps,
    init: input.init,
    terminal: process.terminal === true,
    notifies,
    scoped: input.scoped,
    statFiles: input.cgroup?.statFiles ?? [],
  };
}
