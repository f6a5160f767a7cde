/**
 * The level of every workspace package, by directory. An import goes from a higher level to a lower one, never to the same.
 * A new package gets its place here first.
 */
export const LEVELS: Readonly<Record<string, number>> = {
  'packages/errors': 0,
  'packages/oci-spec': 0,

  'packages/syscalls': 1,
  'packages/mountinfo': 1,
  'packages/cgroups-core': 1,

  'packages/cgroups-v1': 2,
  'packages/cgroups-v2': 2,
  'packages/namespaces': 2,
  'packages/chroot-fs': 2,
  'packages/procfs-mount': 2,
  'packages/capabilities': 2,
  'packages/seccomp': 2,
  'packages/images': 2,
  'packages/network': 2,

  'packages/cgroups': 3,

  'packages/container': 4,

  'apps/cli': 5,
  'apps/oci-runtime': 5,
};

/** Native dependencies, and the one package that may import each. */
export const SOLE_IMPORTERS: Readonly<Record<string, string>> = { koffi: 'packages/syscalls' };
