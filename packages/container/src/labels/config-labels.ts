import { SystemError } from '@coracle/errors';
import type { Config, Process } from '@coracle/oci-spec';
import { OptionError } from '../options/option-error.ts';
import type { ContainerOptions } from '../options/options.ts';
import { DEFAULT_PROFILE } from './default-profile.ts';
import type { SecurityModules } from './security-modules.ts';
import { selinuxLabels } from './selinux-label.ts';

/** The parts of a configuration that the host's security modules judge a container by. */
export interface Labels {
  process: Pick<Process, 'apparmorProfile' | 'selinuxLabel'>;
  linux: Pick<NonNullable<Config['linux']>, 'mountLabel'>;
}

/**
 * The AppArmor profile and the SELinux label of a container. Nobody has to name a profile: the default one is used where
 * it is loaded, by a caller who is under none himself.
 * @throws {OptionError} for a name or label that cannot be one; SystemError EOPNOTSUPP for one of a module that is not at work
 */
export function labelsFor({ privileged = false, security = {} }: ContainerOptions, modules: SecurityModules): Labels {
  const { apparmor, selinuxLabel } = security;
  const profile = apparmor ?? (privileged ? 'unconfined' : undefined);
  const apparmorProfile = profile === undefined ? defaultProfile(modules) : namedProfile(profile, modules);
  if (selinuxLabel === undefined || selinuxLabel === 'disable')
    return { process: apparmorProfile === undefined ? {} : { apparmorProfile }, linux: {} };
  if (!modules.hasSelinux) throw notAtWork('SELinux', 'selinux=1 security=selinux', '--security-opt label=disable');
  const { process, mount } = selinuxLabels(selinuxLabel, modules.selinuxContexts);
  return {
    process: { ...(apparmorProfile === undefined ? {} : { apparmorProfile }), selinuxLabel: process },
    linux: { mountLabel: mount },
  };
}

/** Who is under a profile may not be allowed to leave it, and what he starts is under it anyway. */
function defaultProfile(modules: SecurityModules): string | undefined {
  return modules.hasApparmor && modules.ownProfile === undefined && modules.hasDefaultProfile
    ? DEFAULT_PROFILE
    : undefined;
}

function namedProfile(name: string, modules: SecurityModules): string | undefined {
  if (typeof name !== 'string' || !/^[^\s\p{Cc}](?:.*[^\s\p{Cc}])?$/u.test(name) || /\p{Cc}/u.test(name))
    throw new OptionError(
      'security.apparmor',
      `${JSON.stringify(name)} cannot be the name of an AppArmor profile`,
      'name one that is loaded (sudo aa-status lists them), or unconfined',
    );
  if (name === 'unconfined') return undefined;
  if (!modules.hasApparmor)
    throw notAtWork('AppArmor', 'apparmor=1 security=apparmor', '--security-opt apparmor=unconfined');
  return name;
}

function notAtWork(module: string, parameters: string, without: string): SystemError {
  return new SystemError({
    code: 'EOPNOTSUPP',
    syscall: 'write',
    path: module === 'AppArmor' ? '/proc/self/attr/apparmor/exec' : '/proc/self/attr/exec',
    text: `${module} is not at work in this kernel`,
    hint: `boot a kernel that has it with the parameters ${parameters}, or leave the option out: ${without}`,
  });
}
