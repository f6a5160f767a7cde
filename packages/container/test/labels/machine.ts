import { existsSync } from 'node:fs';
import { needs, type Requirement } from '@coracle/test-support';
import { HostModules } from '../../src/labels/security-modules.ts';

const isVirtual = existsSync('/run/coracle-vm');
const modules = new HostModules();

/** What these tests load holds for the whole kernel: they leave that of a real machine alone. */
function inVirtualMachine(module: string, isAtWork: boolean): Requirement {
  return { what: `the virtual machine (npm run test:cgroup2) with ${module}`, met: isVirtual && isAtWork };
}

/** A kernel with AppArmor, and what loads profiles. */
export const withApparmor: ReturnType<typeof needs.describe> = needs.describe(
  needs.root,
  inVirtualMachine('AppArmor', modules.hasApparmor),
  { what: 'apparmor_parser of the package apparmor', met: needs.program('apparmor_parser').met },
);

/** A kernel with SELinux and without a policy, and what makes one. */
export const withSelinux: ReturnType<typeof needs.describe> = needs.describe(
  needs.root,
  inVirtualMachine('SELinux', modules.hasSelinux),
  needs.program('checkpolicy'),
);
