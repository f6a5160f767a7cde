/**
 * The root file system of a container, as steps: binds, overlay, tmpfs, /dev, pivot_root, masks.
 *
 * Every path inside a root is resolved by the kernel (openat2 with RESOLVE_IN_ROOT) and every mount is made by descriptor;
 * where the kernel cannot do the latter, {@link OlderCalls} translates the steps.
 * @module
 */
export { bindDevices, type DeviceSource, giveTerminal, populateDev } from './devices.ts';
export {
  COPIES_DETACHED,
  type HideOptions,
  type MaskOptions,
  makeReadOnly,
  maskPaths,
  type NullDevice,
  type PathKind,
} from './hide.ts';
export {
  furnishHostRoot,
  HOST_ROOT_OWN,
  type HostRoot,
  hostnameText,
  hostsText,
  hostsTextOfHost,
  inspectHost,
  resolvConfText,
} from './host-root.ts';
export { type MountOptions, parseMountOptions } from './mount-options.ts';
export {
  attach,
  cloneTree,
  createFilesystem,
  IN_ROOT,
  type Mountpoint,
  type NewFilesystem,
  openInRoot,
  openMountpoint,
} from './mounts.ts';
export { explainNullDevice, holdNullDevice, inspectNullDevice, NULL_DEVICE } from './null-device.ts';
export { checkMounts, type Restriction } from './older-calls/check-mounts.ts';
export { hostTree, type MountedTree } from './older-calls/host-tree.ts';
export type { MountWords } from './older-calls/mount-words.ts';
export { OlderCalls, type OlderCallsOptions } from './older-calls/older-calls.ts';
export { isMountCall, type MountCall, refusedMountCalls } from './older-calls/refused-mount-calls.ts';
export { type OwnFile, type OwnFilesOptions, showOwnFiles } from './own-files.ts';
export { readInRoot } from './read-in-root.ts';
export { lookInDirectory, type Place, resolveInRoot, type Seen } from './resolve-in-root.ts';
export {
  changeRoot,
  enterDetachedRoot,
  enterNewRoot,
  idmappedCopyOf,
  keepMountsPrivate,
  leaveForDetachedRoot,
  leaveOldRoot,
  makeRootReadOnly,
  type RootSource,
} from './rootfs.ts';
export { enterWorkingDirectory } from './working-directory.ts';
