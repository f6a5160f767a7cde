import {
  type Amount,
  type CheckedResources,
  checkResources,
  enforce,
  type LeftOut,
  type Mode,
  parseCpuList,
  type Resources,
} from '@coracle/cgroups-core';
import { cpuWeightOf, ioWeightOf } from '@coracle/cgroups-v2';

/** A property of a unit, with the D-Bus signature of its value. */
export type Property = readonly [name: string, value: readonly [signature: string, value: unknown]];

/** How systemd writes that there is no limit. */
const INFINITY = 2n ** 64n - 1n;
const USEC_PER_SEC = 1_000_000;

/**
 * Resources as properties of a unit. What systemd has no property for has to be limited in a group below that is delegated.
 * @returns with what was left out, which only the mode `'best-effort'` allows
 * @throws SystemError EINVAL for what cannot be meant, EOPNOTSUPP for what systemd has no property for
 * @see systemd.resource-control(5)
 * @example
 * planProperties({ pids: 20 }).properties; // [['TasksMax', ['t', '20']]]
 */
export function planProperties(
  resources: Resources,
  mode: Mode = 'strict',
): { properties: Property[]; leftOut: LeftOut[] } {
  const { pids, memory = {}, cpu = {}, cpuset = {}, io = {}, ...others } = checkResources(resources);
  const { max, high, min, low, swapMax, zswapMax, ...moreMemory } = memory;
  const { quotaUsec, periodUsec, shares, weight, ...moreCpu } = cpu;
  const { cpus, mems, ...moreCpuset } = cpuset;
  const { weight: ioWeight, devices = {}, ...moreIo } = io;
  const leftOut = [
    ...lacking('memory', moreMemory),
    ...lacking('cpu', moreCpu),
    ...lacking('cpuset', moreCpuset),
    ...lacking('io', moreIo),
    ...Object.values(devices).flatMap(({ weight: _, leafWeight, latencyUsec }) =>
      lacking('io.devices', { leafWeight, latencyUsec }),
    ),
    ...lacking('', others),
  ];
  enforce(leftOut, mode);
  const cpuWeight = weight ?? (shares === undefined ? undefined : cpuWeightOf(shares));
  const properties = [
    number('TasksMax', pids),
    number('MemoryMax', max),
    number('MemoryHigh', high),
    number('MemoryMin', min),
    number('MemoryLow', low),
    number('MemorySwapMax', swapMax),
    number('MemoryZSwapMax', zswapMax),
    number('CPUQuotaPerSecUSec', perSecond(quotaUsec, periodUsec)),
    number('CPUQuotaPeriodUSec', periodUsec),
    number('CPUWeight', cpuWeight),
    set('AllowedCPUs', cpus),
    set('AllowedMemoryNodes', mems),
    number('IOWeight', ioWeight === undefined ? undefined : ioWeightOf(ioWeight)),
    ...DISKS.map(([name, field]) => disks(name, devices, field)),
  ];
  return { properties: properties.flatMap((one) => (one ? [one] : [])), leftOut };
}

/** 64 bits go as text: a number has not as many. */
function number(name: string, value: Amount | number | undefined): Property | undefined {
  return value === undefined ? undefined : [name, ['t', String(value === 'max' ? INFINITY : value)]];
}

function perSecond(quotaUsec: number | 'max' | undefined, periodUsec = 100_000): number | 'max' | undefined {
  return typeof quotaUsec === 'number' ? Math.round((quotaUsec * USEC_PER_SEC) / periodUsec) : quotaUsec;
}

/** A bit for each number, the lowest byte first. */
function set(name: string, list: string | undefined): Property | undefined {
  if (list === undefined) return undefined;
  const numbers = parseCpuList(list) ?? [];
  const bytes = new Uint8Array(Math.floor(Math.max(0, ...numbers) / 8) + 1);
  for (const one of numbers) bytes[one >> 3] = (bytes[one >> 3] ?? 0) | (1 << (one & 7));
  return [name, ['ay', [...bytes]]];
}

type Devices = NonNullable<NonNullable<CheckedResources['io']>['devices']>;
type DiskField = 'readBytesPerSec' | 'writeBytesPerSec' | 'readOpsPerSec' | 'writeOpsPerSec' | 'weight';

const DISKS: readonly [name: string, field: DiskField][] = [
  ['IOReadBandwidthMax', 'readBytesPerSec'],
  ['IOWriteBandwidthMax', 'writeBytesPerSec'],
  ['IOReadIOPSMax', 'readOpsPerSec'],
  ['IOWriteIOPSMax', 'writeOpsPerSec'],
  ['IODeviceWeight', 'weight'],
];

/** systemd names a disk by the path of its node; these links udev makes for each. */
function disks(name: string, devices: Devices, field: DiskField): Property | undefined {
  const entries = Object.entries(devices).flatMap(([device, values]) => {
    const value = field === 'weight' && values.weight !== undefined ? ioWeightOf(values.weight) : values[field];
    return value === undefined ? [] : [[`/dev/block/${device}`, String(value === 'max' ? INFINITY : value)]];
  });
  return entries.length === 0 ? undefined : [name, ['a(st)', entries]];
}

function lacking(above: string, fields: object): LeftOut[] {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name]) => ({
      resource: above === '' ? name : `${above}.${name}`,
      reason: `systemd has no property for ${above === '' ? name : `${above}.${name}`}`,
      alternative: 'make the scope with delegate: true, and limit a group of your own below it',
    }));
}
