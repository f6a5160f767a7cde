import { type FileOperation, type LeftOut, type Resources, setFile } from '@coracle/cgroups-core';
import { type Place, planCreate } from './plan.ts';

/** What version 2 can divide among single threads. */
const THREADED_CONTROLLERS: ReadonlySet<string> = new Set(['cpu', 'cpuset', 'pids', 'perf_event']);
const THREADED_RESOURCES: ReadonlySet<string> = new Set(['cpu', 'cpus', 'cpuset', 'pids', 'unified']);

/**
 * The operations that make a threaded group: it takes single threads of processes that are in the group right above, which
 * becomes the top of a threaded tree. That group hands down only what threads can have alone; those above it hand down everything.
 * @param controllers what to hand down
 * @throws SystemError EINVAL for a name that leads out of the parent
 * @see cgroups(7), "Thread mode"; Linux 4.14
 * @example
 * planThreaded({ parent: '/sys/fs/cgroup', name: 'server/workers' }, ['cpu']);
 */
export function planThreaded({ parent, name }: Place, controllers: readonly string[]): FileOperation[] {
  const names = name.split('/');
  const [above, last] = [names.slice(0, -1).join('/'), names.slice(-1).join('')];
  const threaded = controllers.filter((controller) => THREADED_CONTROLLERS.has(controller));
  const domain = above === '' ? parent : `${parent}/${above}`;
  const way = above === '' ? [] : planCreate({ parent, name: above }, {}, controllers).create;
  return [
    ...way,
    ...planCreate({ parent: domain, name: last }, {}, threaded).create,
    setFile(`${domain}/${last}/cgroup.type`, 'threaded', 'let it take single threads'),
  ];
}

/**
 * Those of some resources that a threaded group cannot be limited in.
 * @example
 * lackingInThreads({ memory: '1g' })[0]?.alternative; // limit memory in the group above
 */
export function lackingInThreads(resources: Resources): LeftOut[] {
  return Object.entries(resources)
    .filter(([resource, value]) => value !== undefined && !THREADED_RESOURCES.has(resource))
    .map(([resource]) => ({
      resource,
      reason: `version 2 divides ${resource} among processes only, not among threads`,
      alternative: `limit ${resource} in the group above`,
    }));
}

/**
 * The rest of them.
 * @example
 * limitableInThreads({ memory: '1g', pids: 20 }); // { pids: 20 }
 */
export function limitableInThreads(resources: Resources): Resources {
  return Object.fromEntries(Object.entries(resources).filter(([resource]) => THREADED_RESOURCES.has(resource)));
}
