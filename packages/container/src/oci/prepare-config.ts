import { statSync } from 'node:fs';
import { isErrno } from '@coracle/errors';
import { validateConfig } from '@coracle/oci-spec/validate';
import { thisHost } from '../host.ts';
import { hasUserNamespace } from '../ids/joined-user-namespace.ts';
import { userOf } from '../ids/user-of.ts';
import { canDetach } from '../mount-calls.ts';
import { assemble } from '../plan/assemble.ts';
import type { Prepared } from '../prepare.ts';
import { defaultStateRoot } from '../state/state-root.ts';
import { possibleCapabilities } from './capabilities.ts';
import { checkGroup } from './check-group.ts';
import { checkGroups } from './check-groups.ts';
import { checkLabels } from './check-labels.ts';
import { checkOwnMounts } from './check-own-mounts.ts';
import { type ConfigWarning, cannot } from './config-error.ts';
import { endGroup } from './end-group.ts';
import { withHome } from './home.ts';
import { configIdMaps } from './id-maps.ts';
import { type Normalized, normalize } from './normalize.ts';
import { planFurther } from './plan-further.ts';
import { planConfigGroup } from './plan-group.ts';

/** What a container is made with, beside its configuration. */
export interface PrepareConfigOptions {
  /** The directory of the bundle, at which relative paths of the configuration begin. */
  bundle: string;
  /** The name of the container's directory in the state root, and of its cgroup where the configuration names none. */
  id: string;
  /** Where the state is kept: `/run/coracle` if absent, see `run`. */
  stateRoot?: string | undefined;
  /** The caller's terminal (`struct termios`), to be set back at the end. */
  terminalSettings?: Uint8Array | undefined;
  /** Whether the caller gives the container the network devices it is to have; otherwise such are refused. */
  givesNetDevices?: boolean;
  /** Of the group that systemd makes for it, from the top of the tree, in place of `linux.cgroupsPath`. */
  unitPath?: string | undefined;
  /** Told of what is done otherwise than the configuration says, such as names of capabilities that are not known, and of what it had better have. */
  onWarning?: ((warning: ConfigWarning) => void) | undefined;
}

/**
 * From the config.json of a bundle to a plan: as `prepare` does from options, with the same second half.
 *
 * Hooks are left to the caller, who knows when the container is what they are told it is.
 * @param value what config.json holds; checked first
 * @throws {ConfigError} for what is no configuration, and for parts of one that this machine or this runtime cannot do
 * @throws SystemError for paths of the host that are not there
 * @example
 * const { plan } = prepareConfig(JSON.parse(text), { bundle: '/srv/box', id: 'box' });
 */
export function prepareConfig(value: unknown, options: PrepareConfigOptions): Prepared {
  const { bundle, id, stateRoot, terminalSettings, givesNetDevices = false, unitPath, onWarning = () => {} } = options;
  const host = thisHost();
  const written = normalize(validateConfig(value, { onRemark: onWarning }), bundle);
  checkLabels(written, host.modules);
  checkNetDevices(written, { givesNetDevices });
  checkOwnMounts(written, canDetach());
  const inUserNamespace = hasUserNamespace(written);
  const { available, bounding } = host.capabilities(inUserNamespace);
  const capabilities = possibleCapabilities(written.process.capabilities ?? {}, { available, onWarning });
  const root = checkRoot(written);
  const env = withHome(written.process.env ?? [], { root, uid: userOf(written.process).uid });
  const config = { ...written, process: { ...written.process, capabilities, env } };
  const idMaps = configIdMaps(config, host);
  checkGroups(userOf(config.process), idMaps);
  const group = planConfigGroup(config, { id, isRoot: host.uid === 0, unitPath });
  checkGroup(config, group.plan?.directories ?? []);
  const pid = config.linux.namespaces?.find(({ type }) => type === 'pid');
  // All who are in another's end with that one's first process.
  if (!pid && !group.plan && unitPath === undefined)
    onWarning({
      path: '$.linux.namespaces',
      text: 'has no pid, and there is no cgroup: what the program leaves running can be neither found nor ended',
    });
  const further = planFurther(config, { id, idMaps, host, onWarning, group });
  const prepared = assemble(
    {
      id,
      name: undefined,
      stateRoot: stateRoot ?? defaultStateRoot(host.uid),
      config,
      root: { kind: 'bind', path: root },
      hostRoot: undefined,
      group,
      limits: group.inForce,
      idMaps,
      userIds: inUserNamespace ? (idMaps?.how === 'single' ? 'single' : 'range') : 'host',
      owned: [],
      bounding,
      landlock: { landlock: undefined, missing: [] },
      init: false,
      terminalSettings,
      further,
    },
    host,
  );
  return {
    ...prepared,
    directories: further.directories,
    ...(pid && pid.path === undefined ? {} : { endAll: () => endGroup(prepared.cgroups) }),
  };
}

/** They are moved from outside, once the container is there, and not by all who make containers. */
function checkNetDevices({ linux }: Normalized, { givesNetDevices }: { givesNetDevices: boolean }): void {
  const { netDevices = {}, namespaces = [] } = linux;
  const [name] = Object.keys(netDevices);
  if (name === undefined) return;
  const field = { path: '$.linux.netDevices', value: netDevices };
  if (!namespaces.some(({ type }) => type === 'network'))
    throw cannot(field, "absent, as linux.namespaces has no 'network' that they could be moved to");
  if (givesNetDevices) return;
  throw cannot(
    field,
    'absent, as network devices are moved for containers of engines only',
    `move it yourself once the container is there: ip link set ${name} netns PID`,
  );
}

function checkRoot({ root }: Normalized): string {
  try {
    if (statSync(root.path).isDirectory()) return root.path;
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES')) throw error;
    throw cannot({ path: '$.root.path', value: root.path }, 'a directory that is there and can be looked at');
  }
  throw cannot({ path: '$.root.path', value: root.path }, 'a directory');
}
