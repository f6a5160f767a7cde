import { readFileSync, statSync } from 'node:fs';
import { toMask } from '@coracle/capabilities';
import type { DeviceSource } from '@coracle/chroot-fs';
import { parseMountinfo } from '@coracle/mountinfo';
import { type IdMaps, namespaceOwner } from '@coracle/namespaces';
import type { Group } from '../cgroup-for.ts';
import type { Host } from '../host.ts';
import { isInOwnUserNamespace } from '../own-user-namespace.ts';
import type { Further } from '../plan-further.ts';
import { cgroupView } from './cgroup-view.ts';
import { checkDevices } from './check-devices.ts';
import type { ConfigWarning } from './config-error.ts';
import { idsInside } from './copy-up.ts';
import type { Normalized } from './normalize.ts';
import { devicePlan } from './plan-devices.ts';
import { planFiles } from './plan-files.ts';
import { idmappedMounts } from './plan-mounts.ts';
import { planNamespaces } from './plan-namespaces.ts';
import { planOomScore } from './plan-oom-score.ts';
import { planRdt } from './plan-rdt.ts';
import { planSettings } from './plan-settings.ts';

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
    mountPoint: resctrl(config),
    exists: (path) => kindOf(path) !== undefined,
    read: (path) => readFileSync(path, 'latin1'),
  });
  return {
    beforeBirth: [...rdt.beforeBirth, ...score.beforeBirth, ...namespaces.beforeBirth],
    afterBirth: [...score.afterBirth, ...rdt.afterBirth, ...namespaces.afterBirth],
    atEnd: rdt.atEnd,
    directories: rdt.directories,
    madeBefore: namespaces.madeBefore,
    joinsUserNamespace: namespaces.joinsUser,
    idmapped: idmappedMounts(config),
    files: planFiles(config, { kindOf, cgroups, inside: idsInside(idMaps), onWarning, devices }),
    settings: planSettings(config),
  };
}

function isOwnedBy(namespace: string, owner: string): boolean {
  return namespaceOwner(namespace) === statSync(owner, { throwIfNoEntry: false })?.ino;
}

function ownOomScore(): number {
  return Number(readFileSync('/proc/self/oom_score_adj', 'latin1'));
}

function resctrl({ linux }: Normalized): string | undefined {
  if (!linux.intelRdt) return undefined;
  return parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8')).find(({ type }) => type === 'resctrl')
    ?.mountPoint;
}

/** Nodes can be made by who has the right, on a machine that is not itself a user namespace. */
function deviceSource(inUserNamespace: boolean, host: Host): DeviceSource {
  const mayMake = (host.capabilities(false).available & toMask(['CAP_MKNOD'])) !== 0n;
  return inUserNamespace || !mayMake || isInOwnUserNamespace() ? 'bind' : 'mknod';
}
