import { configAbilities } from '@coracle/container/config';
import { type Features, features, HOOK_NAMES } from '@coracle/oci-spec';

/**
 * What `features` prints: what can be made of a config.json, with what only a container of an engine has.
 * @example
 * JSON.stringify(featuresDocument());
 */
export function featuresDocument(): Features {
  const { linux, ...abilities } = configAbilities();
  const cgroup = { ...linux?.cgroup, systemd: true, systemdUser: true };
  return features({ ...abilities, hooks: [...HOOK_NAMES], linux: { ...linux, cgroup, netDevices: { enabled: true } } });
}
