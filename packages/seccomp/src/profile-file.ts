import type { Seccomp, SeccompArchitecture, SeccompArgument, SeccompRule } from '@coracle/oci-spec';
import { ensure } from '@coracle/oci-spec/checks';
import { type Arch, isAtLeast, type KernelVersion, kernelVersion } from '@coracle/syscalls';
import {
  type FileRule,
  isGiven,
  type ProfileFile,
  profileFile,
  type RuleCondition,
} from './profile-file/check-profile-file.ts';
import { errnoByName } from './profile-file/errno-by-name.ts';
import type { ProfileTarget } from './profile-target.ts';

/** The machine in libseccomp's words, and in those of Go, which the conditions of rules use. */
const MACHINES: Readonly<Record<Arch, { architecture: SeccompArchitecture; goName: string }>> = {
  x64: { architecture: 'SCMP_ARCH_X86_64', goName: 'amd64' },
  arm64: { architecture: 'SCMP_ARCH_AARCH64', goName: 'arm64' },
};

/** What the conditions of rules ask about. */
interface Situation {
  goName: string;
  held: ReadonlySet<string>;
  kernel: KernelVersion;
}

/**
 * The filter a profile file stands for on this machine, with these capabilities.
 *
 * Takes what JSON.parse makes of `linux.seccomp` of an OCI configuration, and of the profile files of Docker and Podman, whose
 * rules have conditions: a rule counts if all `includes.caps` are held, the machine is one of `includes.arches` and the kernel
 * is at least `includes.minKernel`, and if nothing of this holds of `excludes`, where one capability is enough. Unknown members are
 * ignored, but not in rules: there a misspelt condition would let more through than was meant.
 * @returns a new object; nothing of `json` is in it
 * @throws {ConfigError} `ERR_CORACLE_CONFIG`; it names every problem with its JSON path.
 * @throws SystemError EINVAL for a kernel release that does not begin with two numbers
 * @see seccomp(2)
 * @example
 * const json: unknown = JSON.parse(readFileSync('profile.json', 'utf8'));
 * const filter = resolveProfile(json, { arch: 'x64', capabilities: ['CAP_CHOWN'], kernel: '6.12.8' });
 */
export function resolveProfile(json: unknown, { arch, capabilities, kernel }: ProfileTarget): Seccomp {
  const file = ensure(json, profileFile());
  const { architecture, goName } = MACHINES[arch];
  const situation = { goName, held: new Set(capabilities), kernel: kernelVersion(kernel) };
  const errno = numberOf(file.defaultErrno, file.defaultErrnoRet);
  const architectures = isGiven(file.architectures) ? file.architectures : mapped(file, architecture);
  return {
    defaultAction: file.defaultAction,
    ...(errno !== undefined && { defaultErrnoRet: errno }),
    ...(isGiven(architectures) && { architectures: [...architectures] }),
    ...(isGiven(file.flags) && { flags: [...file.flags] }),
    ...(isGiven(file.listenerPath) && { listenerPath: file.listenerPath }),
    ...(isGiven(file.listenerMetadata) && { listenerMetadata: file.listenerMetadata }),
    syscalls: (file.syscalls ?? []).filter((rule) => counts(rule, situation)).map(plainRule),
  };
}

/**
 * Looks whether {@link resolveProfile} could read a profile file, on any machine: for who knows the file's name, which an error of
 * later does not have.
 * @throws {ConfigError} `ERR_CORACLE_CONFIG`; it names every problem with its JSON path.
 * @example
 * checkProfile({ defaultAction: 'SCMP_ACT_ERRNO' });
 */
export function checkProfile(json: unknown): void {
  ensure(json, profileFile());
}

/** Absent where the map does not know the machine: then its own programs are filtered, and no others. */
function mapped({ archMap }: ProfileFile, machine: SeccompArchitecture): SeccompArchitecture[] | undefined {
  const entry = archMap?.find(({ architecture }) => architecture === machine);
  return entry && [entry.architecture, ...(entry.subArchitectures ?? [])];
}

function counts({ includes, excludes }: FileRule, situation: Situation): boolean {
  return isIncluded(includes ?? {}, situation) && !isExcluded(excludes ?? {}, situation);
}

function isIncluded({ arches, caps, minKernel }: RuleCondition, { goName, held, kernel }: Situation): boolean {
  if (isGiven(arches) && !arches.includes(goName)) return false;
  if (isGiven(minKernel) && !isAtLeast(kernel, kernelVersion(minKernel))) return false;
  return (caps ?? []).every((capability) => held.has(capability));
}

function isExcluded({ arches, caps, minKernel }: RuleCondition, { goName, held, kernel }: Situation): boolean {
  if (isGiven(minKernel) && isAtLeast(kernel, kernelVersion(minKernel))) return true;
  return (arches ?? []).includes(goName) || (caps ?? []).some((capability) => held.has(capability));
}

function plainRule({ name, names, action, errno, errnoRet, args }: FileRule): SeccompRule {
  const number = numberOf(errno, errnoRet);
  return {
    names: isGiven(name) ? [name] : [...(names ?? [])],
    action,
    ...(number !== undefined && { errnoRet: number }),
    ...(isGiven(args) && { args: args.map(plainArgument) }),
  };
}

function plainArgument({ index, value, valueTwo, op }: SeccompArgument): SeccompArgument {
  return { index, value, ...(valueTwo !== undefined && { valueTwo }), op };
}

/** Podman writes both and goes by the name, as numbers differ between machines. */
function numberOf(name: string | null | undefined, number: number | null | undefined): number | undefined {
  return (isGiven(name) ? errnoByName(name) : undefined) ?? number ?? undefined;
}
