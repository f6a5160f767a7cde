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
    text: `the controller ${controller} of version 1 is not mounted`,
    hint: `mount it: mount -t cgroup -o ${controller} none /sys/fs/cgroup/${controller}`,
  });
}
