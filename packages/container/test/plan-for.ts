import { allCapabilities } from '@coracle/capabilities';
import { configure } from '../src/config/config.ts';
import type { SecurityModules } from '../src/labels/security-modules.ts';
import type { ContainerOptions } from '../src/options/options.ts';
import { makePlan, type Plan, type PlanInput } from '../src/plan/plan.ts';
import { securityModules } from './labels/modules.ts';

/** The plan of a container of a machine that is made up; `fileIds`: files of the host are to have the ids of the maps. */
export function planFor(
  options: Partial<ContainerOptions>,
  {
    idMaps,
    kindOf,
    fileIds,
    modules = securityModules(),
    canDetach = false,
  }: Pick<PlanInput, 'idMaps' | 'kindOf'> &
    Partial<Pick<PlanInput, 'canDetach'>> & { fileIds?: PlanInput['idMaps']; modules?: SecurityModules },
): Plan {
  const { config, root } = configure(
    { command: ['prog'], ...options },
    {
      id: 'abc',
      inUserNamespace: idMaps !== undefined,
      fileIds,
      available: allCapabilities(),
      modules,
    },
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
    canDetach,
    hidesFiles: idMaps ? { source: 'held', mode: 0o20666 } : { source: 'mknod' },
    init: options.init === true,
    terminalSettings: undefined,
  });
}
