import { readFileSync, statSync } from 'node:fs';
import { type IdMaps, namespaceOwner } from '@coracle/namespaces';
import type { Namespace } from '@coracle/oci-spec';
import type { Group } from '../cgroup/cgroup-for.ts';
import { deviceSource } from '../devices/device-source.ts';
import type { Host } from '../host.ts';
import { isInOwnUserNamespace } from '../ids/own-user-namespace.ts';
import type { Further } from '../plan/plan-further.ts';
import { cgroupView } from './cgroup-view.ts';
import { checkDevices } from './check-devices.ts';
import type { ConfigWarning } from './config-error.ts';
import { type IdsInside, idsInside } from './copy-up.ts';
import type { Normalized } from './normalize.ts';
import { devicePlan } from './plan-devices.ts';
import { planFiles } from './plan-files.ts';
import { givenMounts } from './plan-mounts.ts';
import { planNamespaces } from './plan-namespaces.ts';
import { planOomScore } from './plan-oom-score.ts';
import { planRdt, resctrlMount } from './plan-rdt.ts';
import { planSettings } from './plan-settings.ts';
import { isReachableIfThere } from './reachable.ts';

/** What the plan of a configuration depends on beside it. */
export interface FurtherContext {
  id: string;
  /** Of a new user namespace. */
  idMaps: IdMaps | undefined;
  host: Host;
  group: Group;
  onWarning: (warning: ConfigWarning) => void;
}

/** All that a configuration asks for and the options of `run` cannot. */
export function planFurther(config: Normalized, { id, idMaps, host, group, onWarning }: FurtherContext): Further {
  const user = config.linux.namespaces?.find(({ type }) => type === 'user');
  const { kindOf } = host;
  const source = deviceSource(user !== undefined, host);
  const devices = devicePlan(config, { source, kindOf, onWarning });
  if (source === 'mknod' && devices.devices) checkDevices(config);
  const cgroups = (): ReturnType<typeof cgroupView> => cgroupView(config, group);
  const namespaces = planNamespaces(config, isOwnedBy);
  const score = planOomScore(config.process.oomScoreAdj, ownOomScore());
  const rdt = planRdt(config.linux.intelRdt, {
    id,
    mountPoint: config.linux.intelRdt && resctrlMount(),
    exists: (path) => kindOf(path) !== undefined,
    read: (path) => readFileSync(path, 'latin1'),
  });
  const isReachable = reachable(user, { idMaps, host });
  return {
    beforeBirth: [...rdt.beforeBirth, ...score.beforeBirth, ...namespaces.beforeBirth],
    afterBirth: [...score.afterBirth, ...rdt.afterBirth, ...namespaces.afterBirth],
    atEnd: rdt.atEnd,
    directories: rdt.directories,
    madeApart: namespaces.madeApart,
    idmapped: givenMounts(config, isReachable),
    files: planFiles(config, {
      kindOf,
      cgroups,
      inside: idsInside(idMaps),
      isReachable,
      mayBeLocked: () => user !== undefined || isInOwnUserNamespace(),
      onWarning,
      devices,
    }),
    settings: planSettings(config),
  };
}

/** Without a user namespace its first process has the rights of the caller; and an ordinary caller has none to lend. */
function reachable(
  user: Namespace | undefined,
  { idMaps, host }: Pick<FurtherContext, 'idMaps' | 'host'>,
): (path: string) => boolean {
  if (!user || host.uid !== 0 || isInOwnUserNamespace()) return () => true;
  // Whom a namespace knows that was there before is not told here: nobody, for this.
  const inside: IdsInside = idMaps ? idsInside(idMaps) : () => undefined;
  // Asked twice for a path, it says the same: whoever gives and whoever takes go by it.
  const known = new Map<string, boolean>();
  return (path) => {
    const is = known.get(path) ?? isReachableIfThere(path, inside);
    known.set(path, is);
    return is;
  };
}

function isOwnedBy(namespace: string, owner: string): boolean {
  return namespaceOwner(namespace) === statSync(owner, { throwIfNoEntry: false })?.ino;
}

function ownOomScore(): number {
  return Number(readFileSync('/proc/self/oom_score_adj', 'latin1'));
}
