import { DEFAULT_MOUNTS } from './default-mounts.ts';
import { MASKED_PATHS, READONLY_PATHS } from './hidden-paths.ts';
import type { Config, IDMapping, Mount } from './types/config.ts';
import type { Linux, NamespaceType } from './types/linux.ts';

/** Version of the runtime specification that the types and the default follow. */
export const OCI_VERSION = '1.3.0';

/** PATH of a container, as in Docker. */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Namespaces of a container; one with a user namespace has that first. */
export const DEFAULT_NAMESPACES: readonly NamespaceType[] = ['mount', 'pid', 'uts', 'ipc', 'network', 'cgroup', 'time'];

/** Group `tty`, to which new terminals belong. */
const TTY_GROUP = 5;

/** What {@link defaultConfig} needs to know. */
export interface DefaultConfigOptions {
  /** Program and arguments, at least one. */
  args: readonly string[];
  /** Directory of the root file system; a relative one is taken from the bundle. `undefined`: `rootfs`. */
  root?: string | undefined;
  /** Host name inside. `undefined`: as the host's. */
  hostname?: string | undefined;
  /** Id maps of a user namespace, for a container without root. `undefined`: no user namespace. */
  rootless?: { uidMappings: readonly IDMapping[]; gidMappings: readonly IDMapping[] } | undefined;
}

/**
 * The configuration `coracle run` starts from: Docker's mounts, masked and read-only paths, all namespaces, user 0,
 * no_new_privs, PATH and nothing else in the environment. Capabilities and a seccomp filter are not in it yet.
 *
 * Each call returns a value of its own, so that it can be changed freely.
 * @example
 * const config = defaultConfig({ args: ['sh', '-c', 'id'] });
 * config.process?.cwd; // '/'
 */
export function defaultConfig({ args, root = 'rootfs', hostname, rootless }: DefaultConfigOptions): Config {
  return {
    ociVersion: OCI_VERSION,
    root: { path: root, readonly: false },
    ...(hostname === undefined ? {} : { hostname }),
    process: {
      terminal: false,
      user: { uid: 0, gid: 0, umask: 0o022 },
      args: [...args],
      env: [`PATH=${DEFAULT_PATH}`],
      cwd: '/',
      noNewPrivileges: true,
    },
    mounts: DEFAULT_MOUNTS.map((mount) => copyMount(mount, rootless?.gidMappings)),
    linux: {
      ...namespaces(rootless),
      maskedPaths: [...MASKED_PATHS],
      readonlyPaths: [...READONLY_PATHS],
    },
  };
}

function namespaces(rootless: DefaultConfigOptions['rootless']): Linux {
  const own = DEFAULT_NAMESPACES.map((type) => ({ type }));
  if (rootless === undefined) return { namespaces: own };
  return {
    namespaces: [{ type: 'user' }, ...own],
    uidMappings: rootless.uidMappings.map((mapping) => ({ ...mapping })),
    gidMappings: rootless.gidMappings.map((mapping) => ({ ...mapping })),
  };
}

/** The kernel refuses a devpts with a group that the user namespace does not have. */
function copyMount(mount: Readonly<Mount>, gidMappings: readonly IDMapping[] | undefined): Mount {
  const hasTtyGroup = gidMappings?.some(
    ({ containerID, size }) => containerID <= TTY_GROUP && TTY_GROUP < containerID + size,
  );
  const options = mount.options?.filter((option) => hasTtyGroup !== false || option !== `gid=${TTY_GROUP}`);
  return { ...mount, ...(options === undefined ? {} : { options }) };
}
