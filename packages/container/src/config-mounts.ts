import { lstatSync } from 'node:fs';
import { isAbsolute, posix, resolve } from 'node:path';
import { SystemError } from '@coracle/errors';
import type { Mount } from '@coracle/oci-spec';
import { checkString } from './check-string.ts';
import { OptionError } from './option-error.ts';
import type { ContainerOptions, Tmpfs, Volume } from './options.ts';

/**
 * What is mounted in a container: the kernel's own file systems, then what the options ask for, in that order.
 * @throws {OptionError} for places that cannot be mounted on, SystemError for sources that are not there
 */
export function mountsFor(options: ContainerOptions, defaults: readonly Mount[], inUserNamespace: boolean): Mount[] {
  return [
    ...kernelMounts(defaults, options, inUserNamespace),
    ...(options.tmpfs ?? []).map(tmpfsMount),
    ...(options.volumes ?? []).map(volumeMount),
  ];
}

/** Without a network of its own a user namespace may not mount a sysfs; the host's is shown instead, read-only. */
function kernelMounts(defaults: readonly Mount[], { network }: ContainerOptions, inUserNamespace: boolean): Mount[] {
  return defaults.map((mount) => {
    if (mount.type === 'sysfs' && inUserNamespace && network === 'host') {
      return {
        destination: mount.destination,
        type: 'bind',
        source: '/sys',
        options: ['rbind', 'ro', 'nosuid', 'noexec', 'nodev'],
      };
    }
    if (mount.type === 'devpts' && inUserNamespace)
      return { ...mount, options: (mount.options ?? []).filter((option) => !option.startsWith('gid=')) };
    return mount;
  });
}

function tmpfsMount({ target, options = [] }: Tmpfs): Mount {
  return {
    destination: mountTarget('tmpfs', target),
    type: 'tmpfs',
    source: 'tmpfs',
    options: ['nosuid', 'nodev', 'noexec', ...options],
  };
}

function volumeMount({ source, target, readOnly }: Volume): Mount {
  checkString('volumes', source);
  const path = resolve(source);
  if (!lstatSync(path, { throwIfNoEntry: false })) {
    throw new SystemError({
      code: 'ENOENT',
      syscall: 'stat',
      path,
      step: `bring it in as ${target}`,
      hint: `make it first: mkdir -p ${path}`,
    });
  }
  return {
    destination: mountTarget('volumes', target),
    type: 'bind',
    source: path,
    options: readOnly ? ['rbind', 'ro'] : ['rbind'],
  };
}

/** Mounts over /proc could redirect what is written there (CVE-2019-16884), so there are none. */
function mountTarget(option: string, target: string): string {
  checkString(option, target);
  if (!isAbsolute(target))
    throw new OptionError(
      option,
      `the place '${target}' in the container is not absolute`,
      `write it from the root of the container: /${target}`,
    );
  const path = posix.normalize(target).replace(/(?<=.)\/$/, '');
  if (path === '/')
    throw new OptionError(
      option,
      'nothing can be mounted on the root of the container',
      'choose another root instead (--rootfs)',
    );
  if (/^\/proc(\/|$)/.test(path))
    throw new OptionError(option, `nothing can be mounted on ${path}`, "what is below /proc is the kernel's own");
  return path;
}
