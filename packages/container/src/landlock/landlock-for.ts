import type { HostRoot, PathKind } from '@coracle/chroot-fs';
import type { Config } from '@coracle/oci-spec';
import type { Isolation } from '../isolation.ts';
import { OptionError } from '../options/option-error.ts';
import type { ContainerOptions, SecurityOptions } from '../options/options.ts';
import { landlockPlaces } from './landlock-places.ts';
import { LANDLOCK_WITH_REFER, LANDLOCK_WITH_SCOPES, type Landlock } from './plan-landlock.ts';

/** What a container's use of Landlock depends on beside its options. */
export interface LandlockContext {
  config: Config;
  /** What of the host is shown, in the `host` root. */
  hostRoot: HostRoot | undefined;
  kindOf: (path: string) => PathKind;
  /** Asks the kernel for its version of Landlock; 0 for none. */
  version: () => number;
}

/** How Landlock is used, and why it is not where it was asked for. */
export interface LandlockFor {
  /** `undefined`: not at all. */
  landlock: Landlock | undefined;
  missing: Isolation['missing'];
}

/**
 * How Landlock is used for a container. Without the host's network and without being asked for it is not, and the kernel is
 * asked nothing.
 * @throws {OptionError} for a root that it cannot hold
 */
export function landlockFor(options: ContainerOptions, context: LandlockContext): LandlockFor {
  const { network, privileged = false, security } = options;
  const wantsFiles = isWanted(security?.landlock, context);
  const wantsScopes = network === 'host' && !privileged;
  if (!wantsFiles && !wantsScopes) return { landlock: undefined, missing: [] };
  const version = context.version();
  const obstacle = wantsFiles ? obstacleTo(options, { ...context, version }) : undefined;
  const files = wantsFiles && !obstacle ? { ...landlockPlaces(context.config, context), version } : undefined;
  const scoped = wantsScopes && version >= LANDLOCK_WITH_SCOPES;
  return {
    landlock: files || scoped ? { files, scoped } : undefined,
    missing: obstacle ? [{ what: 'landlock', ...obstacle }] : [],
  };
}

function isWanted(wanted: SecurityOptions['landlock'], { config, hostRoot }: LandlockContext): boolean {
  if (wanted !== 'files') return false;
  if (!hostRoot && !config.root?.readonly)
    throw new OptionError(
      'security.landlock',
      'Landlock cannot hold the files of a root that may be written: a right on its top goes for all that is mounted in it',
      'make the root read-only (--read-only) and name what is to be written (--tmpfs, -v), or use the host root',
    );
  return true;
}

function obstacleTo(
  { privileged }: ContainerOptions,
  { config, version }: Pick<LandlockContext, 'config'> & { version: number },
): Omit<Isolation['missing'][number], 'what'> | undefined {
  if (privileged || config.process?.capabilities?.bounding?.includes('CAP_SYS_ADMIN'))
    return {
      reason: 'it forbids every mount, and a container with CAP_SYS_ADMIN is there to make some',
      fix: 'leave out --privileged and --cap-add SYS_ADMIN',
    };
  if (version === 0)
    return {
      reason: 'the kernel has no Landlock, or it is not switched on',
      fix: 'use Linux 5.19 or newer, with landlock in its parameter lsm=',
    };
  if (version < LANDLOCK_WITH_REFER)
    return {
      reason: 'Landlock 1, of this kernel, forbids to move files from one directory to another',
      fix: 'use Linux 5.19 or newer',
    };
  return undefined;
}
