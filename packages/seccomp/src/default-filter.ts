import { type Arch, isAtLeast, kernelVersion } from '@coracle/syscalls';
import type { Filter } from './compile-profile.ts';
import { DEFAULT_FILTERS, OPENING_CAPABILITIES } from './generated/default-filters.ts';
import type { ProfileTarget } from './profile-target.ts';

/** Of Docker's capabilities the only one that opens calls. */
const OPENS_CALLS = 'CAP_SYS_CHROOT';

/** Since this version the default profile is the same for all kernels. */
const SETTLED_KERNEL = { major: 4, minor: 8 };

/**
 * The compiled form of {@link defaultProfile} for the capabilities that containers have by default: it was compiled when
 * this package was built, because that takes longer in a process that has just begun than all else about a filter.
 * @returns `undefined` for another set of capabilities that matters, or an older kernel: compile the profile then
 * @example
 * const filter = defaultFilter(target) ?? compileProfile(defaultProfile(target));
 */
export function defaultFilter({ arch, capabilities, kernel }: ProfileTarget): Filter | undefined {
  if (!isAtLeast(kernelVersion(kernel), SETTLED_KERNEL)) return undefined;
  const opening = capabilities.filter((capability) => OPENING_CAPABILITIES.includes(capability));
  return opening.length === 1 && opening[0] === OPENS_CALLS ? readyMade(arch) : undefined;
}

function readyMade(arch: Arch): Filter {
  const { bytes, unknown } = DEFAULT_FILTERS[arch]();
  return { bytes: new Uint8Array(Buffer.from(bytes, 'base64')), flags: [], notifies: false, unknown: [...unknown] };
}
