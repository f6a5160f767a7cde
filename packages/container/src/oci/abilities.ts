import { CAPABILITY_NAMES } from '@coracle/capabilities';
import {
  type Features,
  MEMORY_POLICY_FLAGS,
  MEMORY_POLICY_MODES,
  mountOptions,
  NAMESPACE_TYPES,
  SECCOMP_ACTIONS,
  SECCOMP_ARCHITECTURES,
  SECCOMP_FLAGS,
  SECCOMP_OPERATORS,
} from '@coracle/oci-spec';
import { AUDIT_ARCH } from '@coracle/seccomp';

/**
 * What this package makes of a config.json, whatever the machine it runs on: for `features()` of `@coracle/oci-spec`, where those
 * who run hooks add `hooks`, and those who make containers of engines that these are given network devices.
 * @returns a new value
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/features.md
 * @example
 * const document = features({ ...configAbilities(), hooks: [] });
 */
export function configAbilities(): Omit<Features, 'ociVersionMin' | 'ociVersionMax'> {
  return {
    mountOptions: mountOptions(),
    linux: {
      namespaces: [...NAMESPACE_TYPES],
      capabilities: [...CAPABILITY_NAMES],
      cgroup: { v1: true, v2: true, systemd: false, systemdUser: false, rdma: true },
      seccomp: {
        enabled: true,
        actions: [...SECCOMP_ACTIONS],
        operators: [...SECCOMP_OPERATORS],
        archs: architectures(),
        knownFlags: [...SECCOMP_FLAGS],
        supportedFlags: [...SECCOMP_FLAGS],
      },
      apparmor: { enabled: true },
      selinux: { enabled: true },
      intelRdt: { enabled: true, schemata: true, monitoring: true },
      memoryPolicy: { modes: [...MEMORY_POLICY_MODES], flags: [...MEMORY_POLICY_FLAGS] },
      mountExtensions: { idmap: { enabled: true } },
      netDevices: { enabled: false },
    },
  };
}

/** Those of other processors are passed over: none of their calls can ever come. */
function architectures(): NonNullable<NonNullable<NonNullable<Features['linux']>['seccomp']>['archs']> {
  return SECCOMP_ARCHITECTURES.filter((name) => Object.hasOwn(AUDIT_ARCH, name));
}
