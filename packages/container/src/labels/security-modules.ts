import { readFileSync, statSync } from 'node:fs';
import { isErrno } from '@coracle/errors';
import { DEFAULT_PROFILE } from './default-profile.ts';
import { readSelinuxContexts, type SelinuxContexts } from './selinux-label.ts';

/** What the host's security modules mean for containers. Everything is looked up when it is asked for. */
export interface SecurityModules {
  /** AppArmor is at work. */
  readonly hasApparmor: boolean;
  /** The profile this process is under, and with it whatever it starts; `undefined` without AppArmor, or when it is under none. */
  readonly ownProfile: string | undefined;
  /** The profile for containers is loaded, as far as this user can see. */
  readonly hasDefaultProfile: boolean;
  readonly hasSelinux: boolean;
  /** The labels that the policy has for containers. */
  readonly selinuxContexts: SelinuxContexts;
}

const PARAMETERS = '/sys/module/apparmor';
const PROFILES = '/sys/kernel/security/apparmor/profiles';

/** The security modules of this machine. */
export class HostModules implements SecurityModules {
  #hasApparmor: boolean | undefined;
  #ownProfile: { name: string | undefined } | undefined;

  /** Remembered: the kernel's modules are settled at its boot. Where it was built without, one look is all that it costs. */
  get hasApparmor(): boolean {
    this.#hasApparmor ??=
      statSync(PARAMETERS, { throwIfNoEntry: false }) !== undefined &&
      textOf(`${PARAMETERS}/parameters/enabled`)?.trim() === 'Y';
    return this.#hasApparmor;
  }

  get ownProfile(): string | undefined {
    if (!this.hasApparmor) return undefined;
    this.#ownProfile ??= { name: parseConfinement(textOf('/proc/self/attr/apparmor/current') ?? '') };
    return this.#ownProfile.name;
  }

  /** Not remembered: an administrator may load it while this process lives. */
  get hasDefaultProfile(): boolean {
    return (textOf(PROFILES) ?? '').split('\n').some((line) => line.startsWith(`${DEFAULT_PROFILE} (`));
  }

  /** The kernel has the file system if it has an active SELinux, whether or not it is mounted. */
  get hasSelinux(): boolean {
    return /\bselinuxfs$/m.test(textOf('/proc/filesystems') ?? '');
  }

  get selinuxContexts(): SelinuxContexts {
    return readSelinuxContexts(textOf);
  }
}

/**
 * The profile in the text of /proc/PID/attr/apparmor/current: `docker-default (enforce)`.
 * @returns `undefined` for `unconfined`, and for a profile that only names the unconfined
 * @see apparmor(7)
 */
export function parseConfinement(text: string): string | undefined {
  const [, name, mode] = /^(.*?)(?: \((\w+)\))?\s*$/.exec(text) ?? [];
  return !name || name === 'unconfined' || mode === 'unconfined' ? undefined : name;
}

/** @returns `undefined` for a file that is not there or not for this user */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EACCES', 'EPERM', 'ENOTDIR', 'EINVAL')) return undefined;
    throw error;
  }
}
