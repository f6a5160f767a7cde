import type { Features } from '@coracle/oci-spec';
import {
  features,
  HOOK_NAMES,
  MEMORY_POLICY_FLAGS,
  MEMORY_POLICY_MODES,
  mountOptions,
  NAMESPACE_TYPES,
  SECCOMP_ACTIONS,
  SECCOMP_ARCHITECTURES,
  SECCOMP_FLAGS,
  SECCOMP_OPERATORS,
} from '@coracle/oci-spec';

/** The features of a runtime that can do all there is. */
export const allFeatures: Features = features({
  hooks: [...HOOK_NAMES],
  mountOptions: mountOptions(),
  annotations: { 'org.example.version': '1.0.0' },
  potentiallyUnsafeConfigAnnotations: ['org.systemd.property.'],
  linux: {
    namespaces: [...NAMESPACE_TYPES],
    capabilities: ['CAP_CHOWN', 'CAP_SYS_ADMIN'],
    cgroup: { v1: true, v2: true, systemd: false, systemdUser: false, rdma: true },
    seccomp: {
      enabled: true,
      actions: [...SECCOMP_ACTIONS],
      operators: [...SECCOMP_OPERATORS],
      archs: [...SECCOMP_ARCHITECTURES],
      knownFlags: [...SECCOMP_FLAGS],
      supportedFlags: [...SECCOMP_FLAGS],
    },
    apparmor: { enabled: true },
    selinux: { enabled: false },
    intelRdt: { enabled: true, schemata: true, monitoring: true },
    memoryPolicy: { modes: [...MEMORY_POLICY_MODES], flags: [...MEMORY_POLICY_FLAGS] },
    mountExtensions: { idmap: { enabled: true } },
    netDevices: { enabled: true },
  },
});
