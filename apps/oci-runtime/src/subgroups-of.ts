import type { Subgroup } from '@coracle/container/detached';
import { UsageError } from './command-line.ts';

/**
 * The groups that `--cgroup` names: one for all hierarchies, or one for each of some controllers of version 1.
 * @throws {UsageError} for a controller that is named twice, and for several groups where it is not said of which controllers
 * @example
 * subgroupsOf(['cpu,cpuacct:workers']); // [{ controllers: ['cpu', 'cpuacct'], path: 'workers' }]
 */
export function subgroupsOf(texts: readonly string[]): Subgroup[] {
  const subgroups = texts.map((text): Subgroup => {
    const [first = '', path, ...rest] = text.split(':');
    if (rest.length > 0 || first === '' || path === '') throw unclear(text);
    return path === undefined ? { path: first } : { controllers: first.split(','), path };
  });
  if (subgroups.length > 1 && subgroups.some(({ controllers }) => controllers === undefined))
    throw new UsageError(
      '--cgroup is given more than once',
      'write of which controllers each is: --cgroup pids:workers',
    );
  const names = subgroups.flatMap(({ controllers = [] }) => controllers);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new UsageError(`--cgroup names the controller ${twice} twice`, 'a program is in one group of it');
  return subgroups;
}

function unclear(text: string): UsageError {
  return new UsageError(
    `--cgroup takes a group below that of the container, and not ${JSON.stringify(text)}`,
    'write PATH, or CONTROLLER:PATH on version 1',
  );
}
