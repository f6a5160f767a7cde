import type { SecurityModules } from '../../src/labels/security-modules.ts';

const WITHOUT: SecurityModules = {
  hasApparmor: false,
  ownProfile: undefined,
  hasDefaultProfile: false,
  hasSelinux: false,
  selinuxContexts: { process: 'system_u:system_r:container_t:s0', file: 'system_u:object_r:container_file_t:s0' },
};

/** Of a machine that is made up: one without any, but for what is said. */
export function securityModules(some: Partial<SecurityModules> = {}): SecurityModules {
  return { ...WITHOUT, ...some };
}
