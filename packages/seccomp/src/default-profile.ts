import type { Seccomp, SeccompArchitecture, SeccompRule } from '@coracle/oci-spec';
import { type Arch, isAtLeast, type KernelVersion, kernelVersion } from '@coracle/syscalls';
import { allowedOn, alwaysAllowed } from './default-profile/always-allowed.ts';
import { type CheckedCall, checkedCalls } from './default-profile/checked-calls.ts';
import type { Gate } from './default-profile/gate.ts';
import { openedByCapability } from './default-profile/opened-by-capability.ts';
import type { ProfileTarget } from './profile-target.ts';

/** The table of all errnos is not worth making for one of them. @see errno(3) */
const EPERM = 1;

/** A machine and the ones whose programs it runs besides: all of them need a filter. */
const ARCHITECTURES: Readonly<Record<Arch, readonly SeccompArchitecture[]>> = {
  x64: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
  arm64: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
};

/**
 * The filter that containers get when nothing else is asked for; it decides as Docker's default profile does.
 *
 * A call that is not named fails with EPERM. Named are those that stay inside the container (`alwaysAllowed`), those that
 * a capability of the container opens (`openedByCapability`), and a few that are allowed with some arguments only
 * (`checkedCalls`); the tables say why.
 * @throws SystemError EINVAL for a kernel release that does not begin with two numbers
 * @see seccomp(2), capabilities(7)
 * @example
 * const filter = defaultProfile({ arch: 'x64', capabilities: ['CAP_CHOWN'], kernel: '6.12.8' });
 */
export function defaultProfile({ arch, capabilities, kernel }: ProfileTarget): Seccomp {
  const held = new Set(capabilities);
  const version = kernelVersion(kernel);
  let syscalls: SeccompRule[] | undefined;
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: EPERM,
    architectures: [...ARCHITECTURES[arch]],
    // Nobody reads them where the filter is a ready-made one.
    get syscalls() {
      syscalls ??= rulesFor(arch, held, version);
      return syscalls;
    },
  };
}

function rulesFor(arch: Arch, held: ReadonlySet<string>, kernel: KernelVersion): SeccompRule[] {
  const opened = openedByCapability().filter((gate) => isOpen(gate, held, kernel));
  const names = [...alwaysAllowed(), ...allowedOn(arch), ...opened.flatMap(({ calls }) => calls)];
  return [{ names, action: 'SCMP_ACT_ALLOW' }, ...checkedCalls().flatMap((checked) => rulesOf(checked, held))];
}

function isOpen({ capabilities, sinceKernel }: Gate, held: ReadonlySet<string>, kernel: KernelVersion): boolean {
  if (sinceKernel !== undefined && isAtLeast(kernel, sinceKernel)) return true;
  return capabilities.some((capability) => held.has(capability));
}

function rulesOf({ call, capability, rules }: CheckedCall, held: ReadonlySet<string>): SeccompRule[] {
  if (capability !== undefined && held.has(capability)) return [{ names: [call], action: 'SCMP_ACT_ALLOW' }];
  return rules.map(({ args, ...rule }) => ({
    names: [call],
    ...rule,
    ...(args && { args: args.map((one) => ({ ...one })) }),
  }));
}
