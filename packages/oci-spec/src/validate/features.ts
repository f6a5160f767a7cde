import { arrayOf, type Check, object, recordOf, required } from '../checks/check.ts';
import { boolean, matching, name, oneOf, text } from '../checks/scalars.ts';
import type {
  CgroupFeatures,
  Enabled,
  Features,
  IntelRdtFeatures,
  LinuxFeatures,
  MemoryPolicyFeatures,
  MountExtensions,
  SeccompFeatures,
} from '../types/features.ts';
import { MEMORY_POLICY_FLAGS, MEMORY_POLICY_MODES, NAMESPACE_TYPES } from '../types/linux.ts';
import { SECCOMP_ACTIONS, SECCOMP_ARCHITECTURES, SECCOMP_FLAGS, SECCOMP_OPERATORS } from '../types/seccomp.ts';
import { version } from './version.ts';

/** {@link Features}. */
export function features(): Check<Features> {
  return object<Features>({
    ociVersionMin: required(version),
    ociVersionMax: required(version),
    hooks: arrayOf(text),
    mountOptions: arrayOf(text),
    annotations: recordOf(text, name),
    potentiallyUnsafeConfigAnnotations: arrayOf(text),
    linux: linuxFeatures(),
  });
}

function linuxFeatures(): Check<LinuxFeatures> {
  const enabled = object<Enabled>({ enabled: boolean });
  return object<LinuxFeatures>({
    namespaces: arrayOf(oneOf(NAMESPACE_TYPES)),
    capabilities: arrayOf(matching(/^CAP_[A-Z_]+$/, "the name of a capability, such as 'CAP_CHOWN'")),
    cgroup: object<CgroupFeatures>({
      v1: boolean,
      v2: boolean,
      systemd: boolean,
      systemdUser: boolean,
      rdma: boolean,
    }),
    seccomp: object<SeccompFeatures>({
      enabled: boolean,
      actions: arrayOf(oneOf(SECCOMP_ACTIONS)),
      operators: arrayOf(oneOf(SECCOMP_OPERATORS)),
      archs: arrayOf(oneOf(SECCOMP_ARCHITECTURES)),
      knownFlags: arrayOf(oneOf(SECCOMP_FLAGS)),
      supportedFlags: arrayOf(oneOf(SECCOMP_FLAGS)),
    }),
    apparmor: enabled,
    selinux: enabled,
    intelRdt: object<IntelRdtFeatures>({ enabled: boolean, schemata: boolean, monitoring: boolean }),
    memoryPolicy: object<MemoryPolicyFeatures>({
      modes: arrayOf(oneOf(MEMORY_POLICY_MODES)),
      flags: arrayOf(oneOf(MEMORY_POLICY_FLAGS)),
    }),
    mountExtensions: object<MountExtensions>({ idmap: enabled }),
    netDevices: enabled,
  });
}
