import type { Config, Mount, Process } from '@coracle/oci-spec';

/** Parts of a configuration of the tests that differ from the usual ones. */
export interface ConfigParts {
  process?: Partial<Process>;
  mounts?: Mount[];
  linux?: Config['linux'];
  root?: Partial<Config['root']>;
  hostname?: string;
}

/** A configuration that runs a script in the root `rootfs` of a bundle: as `runc spec` has it, without a terminal. */
export function baseConfig(script: string, { process, mounts = [], linux, root, hostname }: ConfigParts = {}): Config {
  return {
    ociVersion: '1.3.0',
    root: { path: 'rootfs', ...root },
    process: {
      user: { uid: 0, gid: 0 },
      args: ['sh', '-c', script],
      env: ['PATH=/bin'],
      cwd: '/',
      capabilities: { bounding: CAPABILITIES, permitted: CAPABILITIES, effective: CAPABILITIES },
      ...process,
    },
    ...(hostname === undefined ? {} : { hostname }),
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755', 'size=65536k'] },
      ...mounts,
    ],
    linux: {
      namespaces: (['mount', 'pid', 'network', 'ipc', 'uts', 'cgroup'] as const).map((type) => ({ type })),
      ...linux,
    },
  };
}

const CAPABILITIES = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_KILL',
  'CAP_SETUID',
  'CAP_SETGID',
  'CAP_MKNOD',
  'CAP_SYS_ADMIN',
];

/** The same with a user namespace in which ids are those of the host plus 200000. */
export function inUserNamespace(config: Config): Config {
  const mapping = [{ containerID: 0, hostID: 200_000, size: 65_536 }];
  return {
    ...config,
    linux: {
      ...config.linux,
      namespaces: [...(config.linux?.namespaces ?? []), { type: 'user' }],
      uidMappings: mapping,
      gidMappings: mapping,
    },
  };
}
