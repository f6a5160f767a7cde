import { SystemError } from '@coracle/errors';
import { type Controller, fileOf, type Place } from './place.ts';

/**
 * The path of a controller's file.
 * @throws SystemError ENOENT when the place lacks the controller
 */
export function need(place: Place, controller: Controller, file: string): string {
  const path = fileOf(place, controller, file);
  if (path !== undefined) return path;
  throw new SystemError({
    code: 'ENOENT',
    syscall: 'write',
    path: file,
    text: `the group has no directory of the controller ${controller}`,
    hint: `name it when the group is made; where it is not mounted: mount -t cgroup -o ${controller} none /sys/fs/cgroup/${controller}`,
  });
}
