import { CONTROLLERS, type Controller, FURTHER_CONTROLLERS, type Place as PlaceV1 } from '@coracle/cgroups-v1';
import { type Availability, controllerAvailability } from './availability.ts';
import { findParent } from './delegation.ts';
import { detect, type Machine } from './detect.ts';
import { type Facts, theseFacts } from './facts.ts';
import { ownGroups } from './hierarchy.ts';

/** The controllers of resources, by their names on version 2, and then those that only version 1 has. */
export const CONTROLLER_NAMES = [
  'pids',
  'memory',
  'cpu',
  'cpuset',
  'io',
  'hugetlb',
  'rdma',
  'misc',
  'net_cls',
  'net_prio',
] as const;
/** One of {@link CONTROLLER_NAMES}. */
export type ControllerName = (typeof CONTROLLER_NAMES)[number];

/** A machine with everything it can give or deny a group. */
export interface FullMachine extends Machine {
  /** Whether each controller can be used, and on which version. */
  controllers: Readonly<Record<ControllerName, Availability>>;
  /** The caller's own groups in every hierarchy of version 1 that it may change. */
  hierarchies: PlaceV1;
}

/**
 * As {@link detect}, with the controllers of all resources.
 * @param facts of another machine, or made up; this machine's if absent
 * @see cgroups(7)
 * @example
 * detectAll().controllers.io; // { version: 'v2' }
 */
export function detectAll(facts: Facts = theseFacts()): FullMachine {
  const own = ownGroups(facts, [...CONTROLLERS, ...FURTHER_CONTROLLERS]);
  const hierarchies: PlaceV1 = Object.fromEntries(
    Object.entries(own.v1).filter(([, directory]) => facts.isWritable(directory)),
  );
  const v2 = own.v2 && findParent(own.v2, facts);
  const answer = (name: ControllerName): Availability =>
    controllerAvailability(namesOf(name), { own, v1: hierarchies, v2, mountinfo: facts.mountinfo, read: facts.read });
  return {
    ...detect(facts),
    hierarchies,
    controllers: {
      pids: answer('pids'),
      memory: answer('memory'),
      cpu: answer('cpu'),
      cpuset: answer('cpuset'),
      io: answer('io'),
      hugetlb: answer('hugetlb'),
      rdma: answer('rdma'),
      misc: answer('misc'),
      net_cls: answer('net_cls'),
      net_prio: answer('net_prio'),
    },
  };
}

function namesOf(name: ControllerName): { v1: Controller; v2: string | undefined } {
  if (name === 'io') return { v1: 'blkio', v2: 'io' };
  return { v1: name, v2: name.startsWith('net_') ? undefined : name };
}
