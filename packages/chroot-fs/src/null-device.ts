import { statSync } from 'node:fs';
import { SystemError } from '@coracle/errors';
import {
  AT,
  deviceNumber,
  flags,
  futex,
  MOUNT_ATTR,
  MS,
  mountSetattr,
  OPEN_TREE,
  openTree,
  output,
  resultOf,
  STATX,
  type Step,
  statx,
} from '@coracle/syscalls';

/** Character device 1:3; see null(4). */
export const NULL_DEVICE = { major: 1, minor: 3 } as const;

/** Where the host has it. */
const PATH = '/dev/null';
/** What a step is for that fails where the host has something else there. */
const CHECK = `make sure that ${PATH} of the host is the null device`;
const HINT = `mend it: rm -f ${PATH} && mknod -m 666 ${PATH} c ${NULL_DEVICE.major} ${NULL_DEVICE.minor}`;

/**
 * Looks at the host's /dev/null.
 * @param path a parameter for tests
 * @returns its type and permission bits, for {@link holdNullDevice}
 * @throws SystemError ENODEV when something else is there, ENOENT when nothing is
 * @example
 * const mode = inspectNullDevice();
 */
export function inspectNullDevice(path: string = PATH): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats)
    throw new SystemError({ code: 'ENOENT', syscall: 'stat', path, text: 'there is no null device', hint: HINT });
  if (!stats.isCharacterDevice() || stats.rdev !== deviceNumber(NULL_DEVICE.major, NULL_DEVICE.minor))
    throw new SystemError({ code: 'ENODEV', syscall: 'stat', path, text: 'it is not the null device', hint: HINT });
  return stats.mode;
}

/**
 * Steps that hold the host's null device, as the result `'null'`, for `maskPaths` to hide files behind where no node can be made: in a
 * user namespace. It is opened while the host's files are reachable by path, and then looked at through its descriptor: whatever its
 * name leads to by then, what is held is the null device, or the check fails (CVE-2025-31133).
 * @param mode what {@link inspectNullDevice} found
 * @see open_tree(2), statx(2)
 * @example
 * [keepMountsPrivate(), ...holdNullDevice(inspectNullDevice()), ...enterNewRoot({ kind: 'tmpfs' })];
 */
export function holdNullDevice(mode: number): Step[] {
  const why = 'have a null device to hide files behind';
  const device = resultOf('null');
  const seen = output('null device', STATX.length);
  return [
    openTree({ path: PATH, flags: flags(OPEN_TREE, 'OPEN_TREE_CLONE', 'OPEN_TREE_CLOEXEC') }, { why, result: 'null' }),
    statx({ dir: device, flags: flags(AT, 'AT_EMPTY_PATH'), into: seen }, CHECK),
    futex({ word: { ...seen, at: STATX.mode }, expected: mode }, CHECK),
    futex({ word: { ...seen, at: STATX.rdevMajor }, expected: NULL_DEVICE.major }, CHECK),
    futex({ word: { ...seen, at: STATX.rdevMinor }, expected: NULL_DEVICE.minor }, CHECK),
    mountSetattr(
      {
        mount: device,
        flags: flags(AT, 'AT_EMPTY_PATH'),
        set: flags(MOUNT_ATTR, 'MOUNT_ATTR_RDONLY', 'MOUNT_ATTR_NOSUID', 'MOUNT_ATTR_NOEXEC'),
        // A copy is a peer of what it was made from.
        propagation: flags(MS, 'MS_PRIVATE'),
      },
      why,
    ),
  ];
}

/**
 * What a refused comparison of {@link holdNullDevice} means; `undefined` for other steps.
 * @example
 * explainNullDevice({ syscall: 'mount', why: 'show /proc' }); // undefined
 */
export function explainNullDevice({
  syscall,
  why,
}: {
  syscall: string;
  why: string;
}): { text: string; hint: string } | undefined {
  return syscall === 'futex' && why === CHECK
    ? { text: `${PATH} of the host is not the null device`, hint: HINT }
    : undefined;
}
