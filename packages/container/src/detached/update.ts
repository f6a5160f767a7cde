import { fromOci, open, setDevices } from '@coracle/cgroups';
import { SystemError } from '@coracle/errors';
import type { Resources } from '@coracle/oci-spec';
import { replaceDeviceProgramHere } from '@coracle/syscalls';
import { deviceRules } from '../oci/device-rules.ts';
import { resctrlMount } from '../oci/plan-rdt.ts';
import { find } from './status.ts';
import type { Store } from './store.ts';
import { changeUnit } from './systemd/life-of-unit.ts';
import { type Shares, updateShares } from './update-shares.ts';

/**
 * Changes the limits of a container that is there, and its rules for devices: what is not mentioned stays as it is. Rules for devices
 * are a list as in config.json, in place of the whole one before.
 * @param wanted as `linux.resources` has them, checked by `parseResources` of `@coracle/oci-spec/validate`
 * @param shares of cache and memory bandwidth, for its class of service
 * @throws SystemError ENOENT when there is no such container, ESRCH when it does not live; EINVAL, EBUSY and others for what the
 *   kernel refuses; EOPNOTSUPP for what cannot be had here
 * @example
 * await update(new Store('/run/coracle-oci'), 'web', { memory: { limit: 268435456 } });
 */
export async function update(store: Store, id: string, wanted: Resources, shares: Shares = {}): Promise<void> {
  using _ = await store.hold(id);
  const { record, status } = find(store, id);
  if (status === 'stopped' || status === 'creating') throw notRunning(id);
  const { resources, devices } = fromOci(wanted, record.config.ociVersion);
  const rules = devices && deviceRules(devices);
  updateShares(shares, { id, rdt: record.config.linux?.intelRdt, mountPoint: resctrlMount });
  if (record.unit) await changeUnit(record.unit, { resources, devices: rules });
  open(record.cgroups).update(resources);
  if (rules) setDevices(record.cgroups, rules, { replaceProgram: replaceDeviceProgramHere });
}

function notRunning(id: string): SystemError {
  return new SystemError({
    code: 'ESRCH',
    syscall: 'update',
    path: id,
    text: 'container not running',
    hint: `state ${id} tells what it is`,
  });
}
