import { close, flags, MOVE_MOUNT, moveMount, OPEN, openat, resultOf, type Step } from '@coracle/syscalls';
import type { Normalized } from './normalize.ts';

/**
 * Steps that move the new root from the top of the old one to its own path on the host, where the configuration has hooks that run
 * before the root is changed. Who enters the mount namespace then sees the host's files, and the container's where they lie on the host:
 * what he mounts there the container has. So do hooks that bring in devices and their libraries.
 *
 * The path is the engine's, and leads through directories of the host alone. All that comes after goes by the descriptor of the root.
 * @see move_mount(2), mount_namespaces(7)
 */
export function placeForHooks({ hooks = {}, root }: Normalized): Step[] {
  const { prestart = [], createRuntime = [], createContainer = [] } = hooks;
  if (prestart.length + createRuntime.length + createContainer.length === 0) return [];
  const why = `show hooks the root of the container at ${root.path}`;
  const place = resultOf('place of the root');
  return [
    openat({ path: root.path, flags: flags(OPEN, 'O_PATH', 'O_DIRECTORY', 'O_CLOEXEC') }, { why, result: place.of }),
    moveMount(
      {
        from: resultOf('rootfs'),
        to: place,
        flags: flags(MOVE_MOUNT, 'MOVE_MOUNT_F_EMPTY_PATH', 'MOVE_MOUNT_T_EMPTY_PATH'),
      },
      // The host's root itself: it is at its path already.
      { why, tolerate: ['ELOOP'] },
    ),
    close(place, why),
  ];
}
