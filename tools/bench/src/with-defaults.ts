import { release } from 'node:os';
import { availableCapabilities, resolveCapabilities } from '@coracle/capabilities';
import { defaultProfile } from '@coracle/seccomp';
import { hostArch } from '@coracle/syscalls';

/** As much of a config.json as is changed here. */
interface Config {
  process: object;
  linux: { resources?: object };
}

/**
 * A configuration with what Coracle has in force by default: rights, filter, and a limit on processes. So all do the same work, and
 * it is what engines have done: `runc spec` alone has no filter.
 */
export function withDefaults<C extends Config>(config: C): C {
  const capabilities = resolveCapabilities({ available: availableCapabilities().available });
  const seccomp = defaultProfile({ arch: hostArch(), capabilities: capabilities.bounding, kernel: release() });
  const resources = { ...config.linux.resources, pids: { limit: 2048 } };
  return {
    ...config,
    process: { ...config.process, capabilities },
    linux: { ...config.linux, seccomp, resources },
  };
}
