import { posix, resolve } from 'node:path';
import type { Config, Mount } from '@coracle/oci-spec';
import { cannot } from './config-error.ts';

/** A configuration in which everything is written one way. */
export type Normalized = Config &
  Required<Pick<Config, 'process' | 'mounts'>> & { linux: NonNullable<Config['linux']> };

/**
 * Writes a configuration out: paths of the host are absolute; a bind mount has the type `bind`, and the option `idmap` where it has
 * mappings, which containerd leaves out; places in the container begin at `/` and are plain; sets of capabilities that are absent are
 * there, empty, as runc has it; a variable that is given more than once is there once, with its last value: programs would see the
 * first, and `exec --env` comes behind; what is hidden twice is hidden once; and an empty path of a namespace is none.
 * @param bundle the directory that relative paths begin at
 * @throws {ConfigError} for what cannot make a container that runs
 */
export function normalize(config: Config, bundle: string): Normalized {
  const { process, linux = {} } = config;
  if (!process) throw cannot({ path: '$.process', value: process }, 'an object, as there is no program to run');
  return {
    ...config,
    root: { ...config.root, path: resolve(bundle, config.root.path) },
    process: {
      ...process,
      capabilities: process.capabilities ?? {},
      ...(process.env ? { env: lastOfEach(process.env) } : {}),
    },
    mounts: (config.mounts ?? []).map((one) => plainMount(one, bundle)),
    linux: plainLinux(linux),
  };
}

function plainLinux({
  namespaces,
  maskedPaths,
  readonlyPaths,
  ...linux
}: NonNullable<Config['linux']>): Normalized['linux'] {
  return {
    ...linux,
    ...(namespaces ? { namespaces: namespaces.map(({ type, path }) => (path ? { type, path } : { type })) } : {}),
    ...(maskedPaths ? { maskedPaths: [...new Set(maskedPaths)] } : {}),
    ...(readonlyPaths ? { readonlyPaths: [...new Set(readonlyPaths)] } : {}),
  };
}

function lastOfEach(env: readonly string[]): string[] {
  return [...new Map(env.map((variable) => [variable.split('=', 1)[0], variable])).values()];
}

function plainMount(mount: Mount, bundle: string): Mount {
  const options = mount.options ?? [];
  const isBind = mount.type === 'bind' || options.includes('bind') || options.includes('rbind');
  const destination = posix.normalize(`/${mount.destination}`).replace(/(?<=.)\/$/, '');
  if (!isBind) return { ...mount, destination, options };
  const way = options.includes('bind') || options.includes('rbind') ? [] : ['bind'];
  const hasMappings = (mount.uidMappings?.length ?? 0) > 0 || (mount.gidMappings?.length ?? 0) > 0;
  const isMapped = options.includes('idmap') || options.includes('ridmap');
  return {
    ...mount,
    type: 'bind',
    source: resolve(bundle, mount.source ?? '/'),
    destination,
    options: [...way, ...options, ...(hasMappings && !isMapped ? ['idmap'] : [])],
  };
}
