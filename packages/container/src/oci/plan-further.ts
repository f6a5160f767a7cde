import { parseCapabilities } from '@coracle/capabilities';
import type { DeviceSource } from '@coracle/chroot-fs';
import type { Group } from '../cgroup-for.ts';
import type { Host } from '../host.ts';
import { isInOwnUserNamespace } from '../own-user-namespace.ts';
import type { Further } from '../plan-further.ts';
import { cgroupView } from './cgroup-view.ts';
import type { ConfigWarning } from './config-error.ts';
import type { Normalized } from './normalize.ts';
import { devicePlan } from './plan-devices.ts';
import { planFiles } from './plan-files.ts';

/** What the plan of a configuration depends on beside it. */
export interface FurtherContext {
  host: Host;
  group: Group;
  onWarning: (warning: ConfigWarning) => void;
}

/** All that a configuration asks for and the options of `run` cannot. */
export function planFurther(config: Normalized, { host, group, onWarning }: FurtherContext): Further {
  const user = config.linux.namespaces?.find(({ type }) => type === 'user');
  const { kindOf } = host;
  const devices = devicePlan(config, { source: deviceSource(user !== undefined, host), kindOf, onWarning });
  const cgroups = (): ReturnType<typeof cgroupView> => cgroupView(config, group);
  return {
    beforeBirth: [],
    afterBirth: [],
    atEnd: [],
    madeBefore: [],
    joinsUserNamespace: user?.path !== undefined,
    files: planFiles(config, { kindOf, cgroups, onWarning, devices }),
    settings: [],
  };
}

/** Nodes can be made by who has the right, on a machine that is not itself a user namespace. */
function deviceSource(inUserNamespace: boolean, host: Host): DeviceSource {
  const mknod = parseCapabilities({ bounding: ['CAP_MKNOD'] }).sets.bounding;
  const mayMake = (host.capabilities(false).available & mknod) !== 0n;
  return inUserNamespace || !mayMake || isInOwnUserNamespace() ? 'bind' : 'mknod';
}
