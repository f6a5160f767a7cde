import { childGroups, type DoorOptions, readValue, writeValue } from '@coracle/cgroups-core';
import { isErrno, SystemError } from '@coracle/errors';

/** What the files of the controller freezer say and do, for one group. */
export interface Freezer {
  /** To name it in errors. */
  directory: string;
  /** Asks the kernel to freeze or thaw the group with those below. */
  set(state: 'FROZEN' | 'THAWED'): void;
  /** `'FREEZING'` while some still run. @throws SystemError ENOENT when the group is gone */
  state(): string;
  /** Whether a group above is frozen. */
  isFrozenAbove(): boolean;
}

/**
 * The freezer of a group.
 * @param directory in the hierarchy of the controller freezer
 * @see the kernel's admin-guide/cgroup-v1/freezer-subsystem
 * @example
 * freezerAt('/sys/fs/cgroup/freezer/box').state(); // 'THAWED'
 */
export function freezerAt(directory: string, door: DoorOptions = {}): Freezer {
  return {
    directory,
    set: (state) => writeValue(`${directory}/freezer.state`, state, door),
    state() {
      const state = readValue(`${directory}/freezer.state`)?.trim();
      if (state === undefined) throw gone(directory);
      return state;
    },
    isFrozenAbove: () => readValue(`${directory}/freezer.parent_freezing`)?.trim() === '1',
  };
}

/**
 * Thaws a group and every group below, each of which may have been frozen by itself.
 * @example
 * thawTree('/sys/fs/cgroup/freezer/box');
 */
export function thawTree(directory: string, door: DoorOptions = {}): void {
  freezerAt(directory, door).set('THAWED');
  for (const child of childGroups(directory)) {
    try {
      thawTree(child, door);
    } catch (error) {
      // It was removed meanwhile.
      if (!isErrno(error, 'ENOENT', 'ENODEV')) throw error;
    }
  }
}

function gone(path: string): SystemError {
  const text = `there is no group ${path}`;
  return new SystemError({
    code: 'ENOENT',
    syscall: 'read',
    path: `${path}/freezer.state`,
    text,
    hint: 'it was removed',
  });
}
