/**
 * What only the mounts and devices of a config.json need, for those who make containers of these: nothing of it is loaded with the
 * package's main entry.
 * @module
 */
export { createDevices, DEFAULT_DEVICES, type DeviceNode, linkDevices } from './devices.ts';
export { type AttributeChange, type ConfigMountOptions, parseConfigMountOptions } from './mount-options.ts';
export { type MountedBefore, type Mountpoint, resolveMountpoint } from './resolve-mountpoint.ts';
