import { CAPABILITY_NAMES, resolveCapabilities } from '@coracle/capabilities';
import { type Config, ConfigError, type Process, type Seccomp } from '@coracle/oci-spec';
import { defaultFilter, defaultProfile, notifyBlocked, type ProfileTarget, resolveProfile } from '@coracle/seccomp';
import { hostArch, kernelRelease } from '@coracle/syscalls';
import { OptionError } from '../options/option-error.ts';
import type { ContainerOptions } from '../options/options.ts';
import { rememberFilter } from '../seccomp/filter-for.ts';
import { hiddenFor } from './config-hidden.ts';

/** The parts of a configuration that say what a container's programs may do. */
export interface Security {
  process: Pick<Process, 'capabilities' | 'noNewPrivileges'>;
  linux: Pick<NonNullable<Config['linux']>, 'maskedPaths' | 'readonlyPaths' | 'seccomp'>;
}

/**
 * What a container's programs may do: Docker's capabilities and filter of system calls, and no way to gain rights. A
 * privileged container has all that its maker can give, and nothing of the kernel is hidden from it.
 * @param host `available`: what the maker can give, a mask of capabilities; `hidden`: what this machine has that a container is not to read
 * @throws {OptionError} a profile that is none; SystemError EINVAL, EPERM for capabilities that do not exist or can't be given
 */
export function securityFor(
  { capAdd = [], capDrop = [], privileged = false, security = {} }: ContainerOptions,
  base: Config,
  { available, hidden }: { available: bigint; hidden?: readonly string[] | undefined },
): Security {
  const all = privileged ? { base: CAPABILITY_NAMES } : {};
  const capabilities = resolveCapabilities({ ...all, add: capAdd, drop: capDrop, available });
  const wanted = security.seccomp ?? (privileged ? 'unconfined' : 'default');
  const seccomp = profileFor(wanted, capabilities.bounding);
  return {
    process: { capabilities, noNewPrivileges: security.noNewPrivileges ?? !privileged },
    linux: {
      ...hiddenFor({ privileged, security }, base, hidden),
      ...(seccomp ? { seccomp } : {}),
    },
  };
}

function profileFor(
  wanted: NonNullable<NonNullable<ContainerOptions['security']>['seccomp']>,
  capabilities: readonly string[],
): Seccomp | undefined {
  if (wanted === 'unconfined') return undefined;
  const target: ProfileTarget = { arch: hostArch(), capabilities, kernel: kernelRelease() };
  if (wanted === 'default') return defaultProfileFor(target);
  if (wanted === 'log') return loggedProfileFor(defaultProfileFor(target));
  try {
    return resolveProfile(wanted, target);
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    const { path, allowed, found } = cause;
    throw new OptionError('security.seccomp', `${path} of the profile must be ${allowed}, found ${found}`);
  }
}

const defaults = new Map<string, Seccomp>();

/** One object for all containers of the same capabilities, so that it is compiled once. */
function defaultProfileFor(target: ProfileTarget): Seccomp {
  const key = target.capabilities.join();
  const known = defaults.get(key);
  if (known) return known;
  const profile = defaultProfile(target);
  defaults.set(key, profile);
  const filter = defaultFilter(target);
  if (filter) rememberFilter(profile, filter);
  return profile;
}

/** Profiles with a log, and the ones they log for. */
const logged = new WeakMap<Seccomp, Seccomp>();
const loggedFor = new WeakMap<Seccomp, Seccomp>();

function loggedProfileFor(profile: Seccomp): Seccomp {
  const known = loggedFor.get(profile);
  if (known) return known;
  const asking = notifyBlocked(profile);
  loggedFor.set(profile, asking);
  logged.set(asking, profile);
  return asking;
}

/** The profile that is logged by this one; `undefined` for one that is no log. */
export function loggedBy(profile: Seccomp | undefined): Seccomp | undefined {
  return profile && logged.get(profile);
}

/** Whether a profile is the one that containers get by default. */
export function isDefaultProfile(profile: Seccomp): boolean {
  return [...defaults.values()].includes(profile);
}
