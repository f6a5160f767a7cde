import { type BigIntStats, lstatSync } from 'node:fs';
import { posix } from 'node:path';
import { type MountedBefore, resolveMountpoint } from '@coracle/chroot-fs/config';
import type { Device } from '@coracle/oci-spec';
import { deviceNumbers } from '../devices/device-numbers.ts';
import { cannot } from './config-error.ts';
import type { Normalized } from './normalize.ts';

/**
 * Refuses a device where the root, or what is mounted in it, has another file: it would be used in the device's place.
 * @throws {ConfigError} naming the device and what is there
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md#devices
 */
export function checkDevices({ linux, mounts, root }: Normalized): void {
  const { devices = [] } = linux;
  if (devices.length === 0) return;
  const before: MountedBefore[] = [];
  for (const { destination, type, source } of mounts) {
    const { path } = resolveMountpoint(destination, { root: root.path, before });
    before.push({ destination: path, source: type === 'bind' ? source : undefined });
  }
  for (const [index, device] of devices.entries()) {
    const path = posix.normalize(device.path);
    const directory = resolveMountpoint(posix.dirname(path), { root: root.path, before }).onHost;
    if (directory === undefined) continue;
    const found = lstatSync(posix.join(directory, posix.basename(path)), {
      throwIfNoEntry: false,
      bigint: true,
    });
    if (!found || isThis(device, found)) continue;
    throw cannot(
      { path: `$.linux.devices[${index}].path`, value: device.path },
      `a path at which nothing is, or that device: there is ${describe(found)}`,
      'remove it from the root, or leave the device out',
    );
  }
}

function isThis({ type, major, minor }: Device, found: BigIntStats): boolean {
  if (type === 'p') return found.isFIFO();
  if (type === 'b' ? !found.isBlockDevice() : !found.isCharacterDevice()) return false;
  const numbers = deviceNumbers(found.rdev);
  return numbers.major === major && numbers.minor === minor;
}

function describe(found: BigIntStats): string {
  if (found.isDirectory()) return 'a directory';
  if (found.isSymbolicLink()) return 'a symbolic link';
  if (found.isFile()) return 'a file';
  if (found.isFIFO()) return 'a pipe';
  if (!found.isCharacterDevice() && !found.isBlockDevice()) return 'something else';
  const { major, minor } = deviceNumbers(found.rdev);
  return `the ${found.isBlockDevice() ? 'block' : 'character'} device ${major}:${minor}`;
}
