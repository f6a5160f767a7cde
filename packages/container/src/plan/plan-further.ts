import type { NamespaceType } from '@coracle/namespaces';
import type { Step } from '@coracle/syscalls';
import type { IdmappedTree } from '../idmapped/plan-idmapped.ts';
import type { InitPlan } from './plan-init.ts';

/**
 * What a config.json can ask for and the options of `run` cannot: steps, and the places they are taken at. Who starts containers
 * by options alone loads nothing of what makes them.
 */
export interface Further {
  /** By the monitor, before the birth: what the container inherits. */
  beforeBirth: readonly Step[];
  /** By the monitor and by the container, right after the birth and once the latter is in its cgroup. */
  afterBirth: readonly Step[];
  /** By the monitor, when the container has ended. */
  atEnd: readonly Step[];
  /** Directories of the kernel, beside those of its cgroup, that are made for it alone; `atEnd` removes them. */
  directories: readonly string[];
  /** Kinds of namespace that are new and do not come about by the birth. */
  madeApart: readonly NamespaceType[];
  /** Mounts with mapped ids. */
  idmapped: readonly IdmappedTree[];
  /** Makes the files, in place of how `run` does. */
  files: (plan: InitPlan) => Step[];
  /** By the init, after its limits and before it becomes its user: what else of the kernel holds for the program. */
  settings: readonly Step[];
}
