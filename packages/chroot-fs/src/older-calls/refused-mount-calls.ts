import { errnoName } from '@coracle/errors';
import { libc, type SyscallName, syscallNumber } from '@coracle/syscalls';

/** The calls that attach mounts by descriptor. */
export type MountCall = 'open_tree' | 'move_mount' | 'fsopen' | 'fsconfig' | 'fsmount' | 'mount_setattr';

const NO_FD = -1;
const NO_FLAGS = 0xffffffff;

/** Arguments that no kernel accepts, and whether it finds that out before it asks for rights, so that EPERM is a filter's. */
const HARMLESS: readonly (readonly [name: MountCall & SyscallName, args: readonly number[], isJudgedFirst: boolean])[] =
  [
    ['open_tree', [NO_FD, 0, NO_FLAGS], true],
    ['move_mount', [NO_FD, 0, NO_FD, 0, NO_FLAGS], false],
    ['fsopen', [0, NO_FLAGS], false],
    ['fsconfig', [NO_FD, NO_FLAGS, 0, 0, 0], true],
    ['fsmount', [NO_FD, NO_FLAGS, 0], false],
    ['mount_setattr', [NO_FD, 0, NO_FLAGS, 0, 0], true],
  ];

/**
 * The mount calls that are not to be had here: the kernel does not know them (ENOSYS), or a filter of system calls around this
 * process refuses them with ENOSYS or EPERM. They are tried with arguments that no kernel accepts, without effect or rights.
 * @see open_tree(2), fsopen(2) (since Linux 5.2), mount_setattr(2) (since Linux 5.12)
 * @example
 * const olderCallsAreNeeded = refusedMountCalls().length > 0;
 */
export function refusedMountCalls(): MountCall[] {
  const { arch, syscall } = libc();
  return HARMLESS.filter(([name, args, isJudgedFirst]) => {
    const number = syscallNumber(name, arch);
    const code = number === undefined ? 'ENOSYS' : errnoName(syscall(number, ...args));
    return code === 'ENOSYS' || (isJudgedFirst && code === 'EPERM');
  }).map(([name]) => name);
}

/**
 * Whether a name is that of a call that attaches mounts by descriptor.
 * @example
 * isMountCall('fsopen'); // true
 */
export function isMountCall(name: unknown): name is MountCall {
  return HARMLESS.some(([call]) => call === name);
}
