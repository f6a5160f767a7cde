import { allCapabilities } from '@coracle/capabilities';
import { configure } from '../src/config.ts';
import type { ContainerOptions } from '../src/options.ts';
import { makePlan, type Plan, type PlanInput } from '../src/plan.ts';

/** The plan of a container of a machine that is made up; `fileIds`: files of the host are to have the ids of the maps. */
export function planFor(
  options: Partial<ContainerOptions>,
  { idMaps, kindOf, fileIds }: Pick<PlanInput, 'idMaps' | 'kindOf'> & { fileIds?: PlanInput['idMaps'] },
): Plan {
  const { config, root } = configure(
    { command: ['prog'], ...options },
    { id: 'abc', inUserNamespace: idMaps !== undefined, fileIds, available: allCapabilities() },
  );
  return makePlan({
    id: 'abc',
    name: options.name,
    stateRoot: '/run/coracle',
    config,
    root,
    hostRoot: { links: [], copied: [], shown: [] },
    cgroup: undefined,
    bounding: allCapabilities(),
    landlock: undefined,
    idMaps,
    kindOf,
    init: options.init === true,
    terminalSettings: undefined,
  });
}
