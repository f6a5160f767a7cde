import {
  type CheckedResources,
  checkResources,
  enforce,
  type LeftOut,
  type Mode,
  type Resources,
} from '@coracle/cgroups-core';
import type { Availability } from './availability.ts';
import { CONTROLLER_NAMES, type ControllerName, type FullMachine } from './detect-all.ts';

/** Resources by the version that has their controllers. */
export interface Division {
  v1: CheckedResources;
  v2: CheckedResources;
  /** Those that neither has. */
  leftOut: LeftOut[];
}

/** What stands or falls together: it has one controller. */
interface Part {
  resource: string;
  availability: Availability;
  value: CheckedResources;
}

/**
 * Divides resources among the versions of a machine.
 * @throws SystemError EINVAL for those that cannot be meant; EOPNOTSUPP for one that cannot be had, with the reason and the
 *   remedy, unless the mode allows to leave it out
 */
export function divide(resources: Resources, machine: FullMachine, mode: Mode = 'strict'): Division {
  const parts = partsOf(checkResources(resources), machine);
  // The check has written it out.
  const wordFor = (resource: string): string =>
    resource === 'cpu' && resources.cpus !== undefined ? 'cpus' : resource;
  const leftOut = parts.flatMap(({ resource, availability }): LeftOut[] =>
    availability.version === undefined
      ? [{ resource: wordFor(resource), reason: availability.reason, alternative: availability.fix }]
      : [],
  );
  enforce(leftOut, mode);
  const on = (version: 'v1' | 'v2'): CheckedResources =>
    merge(parts.filter(({ availability }) => availability.version === version).map(({ value }) => value));
  return { v1: on('v1'), v2: on('v2'), leftOut };
}

function partsOf({ network = {}, unified = {}, ...others }: CheckedResources, machine: FullMachine): Part[] {
  const { classId, priorities } = network;
  return [
    ...Object.entries(others).map(([resource, value]) => ({
      resource,
      availability: machine.controllers[nameOf(resource)],
      value: { [resource]: value },
    })),
    ...(classId === undefined
      ? []
      : [{ resource: 'network.classId', availability: machine.controllers.net_cls, value: { network: { classId } } }]),
    ...(priorities === undefined
      ? []
      : [
          {
            resource: 'network.priorities',
            availability: machine.controllers.net_prio,
            value: { network: { priorities } },
          },
        ]),
    ...Object.entries(unified).map(([file, text]) => ({
      resource: `unified['${file}']`,
      availability: fileAvailability(file, machine),
      value: { unified: { [file]: text } },
    })),
  ];
}

/** The kinds that are left have the names of their controllers. */
function nameOf(resource: string): ControllerName {
  return CONTROLLER_NAMES.find((name) => name === resource) ?? 'misc';
}

/** Files are version 2's, whichever version has the resource. */
function fileAvailability(file: string, { v2 }: FullMachine): Availability {
  const controller = file.slice(0, file.indexOf('.'));
  if (v2 && (controller === 'cgroup' || v2.controllers.includes(controller))) return { version: 'v2' };
  return {
    version: undefined,
    reason: `version 2 has no controller ${controller} here`,
    fix: 'name the resource instead of the file: that works on either version',
  };
}

function merge(parts: readonly CheckedResources[]): CheckedResources {
  const [networks, files] = [
    parts.flatMap(({ network }) => (network ? [network] : [])),
    parts.flatMap(({ unified }) => (unified ? [unified] : [])),
  ];
  return Object.assign(
    {},
    ...parts,
    networks.length === 0 ? {} : { network: Object.assign({}, ...networks) },
    files.length === 0 ? {} : { unified: Object.assign({}, ...files) },
  );
}
