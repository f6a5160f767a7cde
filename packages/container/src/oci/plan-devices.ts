import { posix } from 'node:path';
import type { DeviceSource, PathKind } from '@coracle/chroot-fs';
import { createDevices, DEFAULT_DEVICES, type DeviceNode, linkDevices } from '@coracle/chroot-fs/config';
import type { Device } from '@coracle/oci-spec';
import { resultOf, type Step } from '@coracle/syscalls';
import { type ConfigWarning, cannot } from './config-error.ts';
import type { Normalized } from './normalize.ts';

/** Always a link to the container's own terminals, as with runc, whatever node is asked for in its place. */
const PTMX = '/dev/ptmx';

/** The devices of a container, and how they come about. */
export interface DevicePlan {
  /** `undefined`: /dev is a directory of the host, in which nothing is made. */
  devices: readonly DeviceNode[] | undefined;
  source: DeviceSource;
  /** Whether the kernel shows its memory in /proc. */
  hasKcore: boolean;
}

/**
 * The devices that a configuration asks for, and those that every container has where it says nothing else of their paths. A /dev that
 * is a bind mount is used as it is, as with runc.
 * @throws {ConfigError} for a device that can only be shown, as in a user namespace, and that the host does not have
 */
export function devicePlan(
  { linux, mounts }: Normalized,
  {
    source,
    kindOf,
    onWarning,
  }: { source: DeviceSource; kindOf: (path: string) => PathKind; onWarning: (warning: ConfigWarning) => void },
): DevicePlan {
  const hasKcore = kindOf('/proc/kcore') !== undefined;
  const wanted = (linux.devices ?? []).map(toNode);
  if (mounts.some(({ destination, type }) => destination === '/dev' && type === 'bind')) {
    if (wanted.length > 0)
      onWarning({ path: '$.linux.devices', text: 'are not made, as /dev is a directory of the host' });
    return { devices: undefined, source, hasKcore };
  }
  wanted.forEach(({ path, type }, index) => {
    if (source === 'bind' && type !== 'p' && kindOf(path) === undefined)
      throw cannot(
        { path: `$.linux.devices[${index}].path`, value: path },
        'a device of the host, as nodes cannot be made in a user namespace',
      );
  });
  const paths = new Set(wanted.map(({ path }) => path));
  const usual = DEFAULT_DEVICES.filter(({ path }) => !paths.has(path));
  return { devices: [...usual, ...wanted.filter(({ path }) => path !== PTMX)], source, hasKcore };
}

function toNode({ type, path, major = 0, minor = 0, fileMode = 0o666, uid = 0, gid = 0 }: Device): DeviceNode {
  return { path: posix.normalize(path), type: type === 'u' ? 'c' : type, major, minor, mode: fileMode, uid, gid };
}

/** The steps that make them, on top of all mounts. */
export function planDevices({ devices, source, hasKcore }: DevicePlan): Step[] {
  const root = resultOf('rootfs');
  return devices ? [...createDevices(devices, { root, source }), ...linkDevices({ root, core: hasKcore })] : [];
}
