import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { RootSource } from '@coracle/chroot-fs';
import type { Mount } from '@coracle/oci-spec';
import { placeMounts, sortByDepth, type WantedMount } from '../mounts/place-mounts.ts';
import { checkPropagation, isSharing, MOST_SHARING } from '../mounts/propagation.ts';
import { checkTmpfsOptions } from '../mounts/tmpfs-spec.ts';
import { volumeOptions } from '../mounts/volume-options.ts';
import { inspectSource } from '../mounts/volume-source.ts';
import { checkString } from '../options/check-string.ts';
import { OptionError } from '../options/option-error.ts';
import type { ContainerOptions, Tmpfs, Volume } from '../options/options.ts';

/** What the mounts of a container depend on beside its options. */
export interface MountContext {
  /** The kernel's own file systems that every container has. */
  defaults: readonly Mount[];
  root: RootSource;
  inUserNamespace: boolean;
  /** Whether the container has the group `tty`. */
  hasTty: boolean;
  /** Whether files of the host can be given the ids of the container. */
  canMapIds: boolean;
  /** Device nodes of the host. */
  devices: readonly Volume[];
}

/**
 * What is mounted in a container: the kernel's own file systems and what the options ask for, parents before what lies in
 * them. /proc comes last: wherever a root that changes meanwhile leads another mount, it is not onto the container's /proc.
 * @throws {OptionError} for places that cannot be mounted on, SystemError for sources that are not there
 */
export function mountsFor(
  options: ContainerOptions,
  { defaults, root, inUserNamespace, hasTty, canMapIds, devices }: MountContext,
): Mount[] {
  const volumes = [...(options.volumes ?? []), ...devices];
  if (volumes.filter(({ propagation, idmap }) => isSharing(propagation) || idmap).length > MOST_SHARING)
    throw new OptionError(
      'volumes',
      `more than ${MOST_SHARING} volumes share their mounts with the host or have mapped ids`,
      'bring in a directory that several of them lie in',
    );
  const wanted = [
    ...(options.tmpfs ?? []).map(wantedTmpfs),
    ...volumes.map((volume) =>
      wantedVolume(volume, { inUserNamespace, canMapIds, privileged: options.privileged === true }),
    ),
  ];
  const kernels = kernelMounts(defaults, options, { inUserNamespace, hasTty });
  const placed = placeMounts(wanted, { root, taken: kernels.map(({ destination }) => destination) });
  const replaced = new Set(placed.map(({ destination }) => destination));
  const all = sortByDepth(
    [...kernels.filter(({ destination }) => !replaced.has(destination)), ...placed],
    ({ destination }) => destination,
  );
  return [...all.filter(({ type }) => type !== 'proc'), ...all.filter(({ type }) => type === 'proc')];
}

/** Where the host's /sys has the groups of all processes: they are covered, and what a container has of its own is shown above. */
const CGROUPS = '/sys/fs/cgroup';
const EMPTY = { type: 'tmpfs', source: 'tmpfs' };

/**
 * Without a network of its own a user namespace may not mount a sysfs; the host's is shown instead, read-only. And the kernel refuses
 * a devpts whose group the container does not have. The privileged may change the kernel's settings in /sys and their own limits.
 */
function kernelMounts(
  defaults: readonly Mount[],
  { network, privileged }: ContainerOptions,
  { inUserNamespace, hasTty }: Pick<MountContext, 'inUserNamespace' | 'hasTty'>,
): Mount[] {
  return defaults.flatMap((mount) => {
    if (mount.type === 'sysfs' && inUserNamespace && network === 'host') {
      const options = ['ro', 'nosuid', 'noexec', 'nodev'];
      const host = { destination: mount.destination, type: 'bind', source: '/sys', options: ['rbind', ...options] };
      return privileged || !existsSync(CGROUPS) ? host : [host, { ...EMPTY, destination: CGROUPS, options }];
    }
    if (privileged && (mount.type === 'sysfs' || mount.type === 'cgroup'))
      return { ...mount, options: (mount.options ?? []).filter((option) => option !== 'ro') };
    if (mount.type === 'devpts' && !hasTty)
      return { ...mount, options: (mount.options ?? []).filter((option) => !option.startsWith('gid=')) };
    return mount;
  });
}

/** A /dev in memory gets the usual devices, so they have to work. */
function wantedTmpfs({ target, options = [] }: Tmpfs): WantedMount {
  checkTmpfsOptions(options);
  const safe = /^\/+dev\/*$/.test(target) ? ['nosuid', 'noexec'] : ['nosuid', 'nodev', 'noexec'];
  return {
    option: 'tmpfs',
    target,
    kind: 'directory',
    mount: { type: 'tmpfs', source: 'tmpfs', options: [...safe, ...options] },
  };
}

function wantedVolume(
  volume: Volume,
  {
    inUserNamespace,
    canMapIds,
    privileged,
  }: Pick<MountContext, 'inUserNamespace' | 'canMapIds'> & { privileged: boolean },
): WantedMount {
  const { source, target, propagation } = volume;
  checkString('volumes', source);
  const path = resolve(source);
  const dev = volume.dev ?? (privileged || undefined);
  const { kind, isHarmlessDevice } = inspectSource(path, { target, ...(dev === undefined ? {} : { dev }) });
  const options = volumeOptions({ ...volume, dev: dev ?? isHarmlessDevice });
  if (propagation !== undefined) checkPropagation({ path, propagation, inUserNamespace });
  if (volume.idmap && !canMapIds) throw cannotMapIds(path, inUserNamespace);
  return { option: 'volumes', target, kind, mount: { type: 'bind', source: path, options } };
}

function cannotMapIds(path: string, inUserNamespace: boolean): OptionError {
  return inUserNamespace
    ? new OptionError(
        'volumes',
        `the ids of ${path} cannot be mapped (idmap) for an ordinary user: the kernel wants the right to administer the file system it lies on, which the host's root alone has`,
        'run with --userns keep-id, where your files are yours on both sides, or as root',
      )
    : new OptionError(
        'volumes',
        `the ids of ${path} cannot be mapped (idmap): the container has the ids of the host`,
        'add --userns auto, or leave idmap out',
      );
}
