import { DEFAULT_PATH, OCI_VERSION } from './default-config.ts';
import { DEFAULT_MOUNTS } from './default-mounts.ts';
import { MASKED_PATHS, READONLY_PATHS } from './hidden-paths.ts';
import type { Config, Mount } from './types/config.ts';
import type { NamespaceType } from './types/linux.ts';

/** Namespaces that `spec` writes, and one more on version 2 of cgroups. */
const NAMESPACES: readonly NamespaceType[] = ['pid', 'network', 'ipc', 'uts', 'mount'];

/** Capabilities that `spec` writes: to write to the audit log, to signal others' processes, to take ports below 1024. */
const CAPABILITIES: readonly string[] = ['CAP_AUDIT_WRITE', 'CAP_KILL', 'CAP_NET_BIND_SERVICE'];

/** What `spec` writes depends on. */
export interface SpecMachine {
  /** Whether version 2 of cgroups is all there is. */
  hasCgroup2?: boolean;
}

/**
 * The config.json that the command `spec` of a runtime writes for somebody to go on from, with the meaning of `runc spec`: a shell
 * in a terminal as user 0, three capabilities, a read-only root in `rootfs`, no device but the default ones, and a network with no
 * interface but its own.
 *
 * Unlike runc's it has more paths masked, and a /proc without set-id programs and devices.
 * @param machine `hasCgroup2`: whether it has version 2 of cgroups alone, where a container is to have a namespace of them; so if absent
 * @returns a new value each time
 * @example
 * writeFileSync('config.json', JSON.stringify(specConfig(), null, 2));
 */
export function specConfig({ hasCgroup2 = true }: SpecMachine = {}): Config {
  return {
    ociVersion: OCI_VERSION,
    process: {
      terminal: true,
      user: { uid: 0, gid: 0 },
      args: ['sh'],
      env: [`PATH=${DEFAULT_PATH}`, 'TERM=xterm'],
      cwd: '/',
      capabilities: {
        bounding: [...CAPABILITIES],
        effective: [...CAPABILITIES],
        permitted: [...CAPABILITIES],
      },
      rlimits: [{ type: 'RLIMIT_NOFILE', hard: 1024, soft: 1024 }],
      noNewPrivileges: true,
    },
    root: { path: 'rootfs', readonly: true },
    hostname: 'coracle',
    mounts: [...DEFAULT_MOUNTS.filter(({ type }) => type !== 'cgroup').map(copy), cgroupMount()],
    linux: {
      resources: { devices: [{ allow: false, access: 'rwm' }] },
      namespaces: [...NAMESPACES, ...(hasCgroup2 ? (['cgroup'] as const) : [])].map((type) => ({ type })),
      maskedPaths: [...MASKED_PATHS],
      readonlyPaths: [...READONLY_PATHS],
    },
  };
}

/**
 * As {@link specConfig} for a user without root, with the meaning of `runc spec --rootless`: the user is 0 in a user namespace, no
 * other id is there, and what needs rights on the host is left out: limits, a network of its own, and a sysfs, which only the owner
 * of its network may mount.
 * @param user the ids on the host of who is to run the container; `hasCgroup2` as for {@link specConfig}
 * @returns a new value each time
 * @see user_namespaces(7)
 * @example
 * const config = rootlessConfig({ uid: 1000, gid: 1000 });
 */
export function rootlessConfig({ uid, gid, ...machine }: { uid: number; gid: number } & SpecMachine): Config {
  const { mounts = [], linux: { resources: _, ...linux } = {}, ...config } = specConfig(machine);
  const namespaces = linux.namespaces?.filter(({ type }) => type !== 'network') ?? [];
  return {
    ...config,
    mounts: mounts.map(withoutRights),
    linux: {
      ...linux,
      namespaces: [{ type: 'user' }, ...namespaces],
      uidMappings: [{ containerID: 0, hostID: uid, size: 1 }],
      gidMappings: [{ containerID: 0, hostID: gid, size: 1 }],
    },
  };
}

function withoutRights(mount: Mount): Mount {
  const { options = [] } = mount;
  if (mount.type === 'sysfs') return { ...mount, type: 'none', source: '/sys', options: ['rbind', ...options] };
  // The group tty, to which terminals belong, is not mapped.
  return { ...mount, options: options.filter((option) => !/^[ug]id=/.test(option)) };
}

function cgroupMount(): Mount {
  const options = ['nosuid', 'noexec', 'nodev', 'relatime', 'ro'];
  return { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options };
}

function copy({ options, ...mount }: Readonly<Mount>): Mount {
  return { ...mount, ...(options !== undefined && { options: [...options] }) };
}
