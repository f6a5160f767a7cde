import {
  type Amount,
  type CheckedResources,
  checkResources,
  enforce,
  type LeftOut,
  type MemoryResources,
  type Mode,
  type Resources,
} from '@coracle/cgroups-core';
import { cpuWeightOf, ioWeightOf } from '@coracle/cgroups-v2';
import { delegateToUsers } from '../obstacle.ts';
import { INFINITY, number, type Property, perSecond, set } from './property.ts';
import { unifiedProperties } from './unified-properties.ts';

/** What systemd does not put in force on version 1, by field; `io.devices` are those of each disk. */
const NOT_ON_V1 = {
  memory: ['high', 'min', 'low', 'swapMax', 'zswapMax'],
  cpuset: ['cpus', 'mems'],
  'io.devices': ['readOpsPerSec', 'writeOpsPerSec'],
} as const;

/** The systemd that properties are for. */
export interface PropertiesOptions {
  /** Of cgroups, 2 if absent: on version 1 systemd puts fewer properties in force. */
  version?: 1 | 2;
  /** What it can limit with, see {@link controllersOf}; everything if absent. */
  controllers?: ReadonlySet<string> | undefined;
}

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
  { version = 2, controllers }: PropertiesOptions = {},
): { properties: Property[]; leftOut: LeftOut[] } {
  const { given, notGiven } = sift(checkResources(resources), controllers);
  const { pids, memory = {}, cpu = {}, cpuset = {}, io = {}, unified = {}, ...others } = given;
  const { max, high, min, low, zswapMax, ...swapAndMore } = memory;
  const { swapMax, ...moreMemory } = version === 1 ? swapAndMore : swapAlone(swapAndMore, max);
  const { quotaUsec, periodUsec, shares, weight, ...moreCpu } = cpu;
  const { cpus, mems, ...moreCpuset } = cpuset;
  const { weight: ioWeight, devices = {}, ...moreIo } = io;
  const byFile =
    version === 1 ? { properties: [], others: Object.keys(unified) } : unifiedProperties(unified, controllers);
  const leftOut = [
    ...lacking('memory', moreMemory),
    ...lacking('cpu', moreCpu),
    ...lacking('cpuset', moreCpuset),
    ...lacking('io', moreIo),
    ...Object.values(devices).flatMap(({ weight: _, leafWeight, latencyUsec }) =>
      lacking('io.devices', { leafWeight, latencyUsec }),
    ),
    ...lacking('', others),
    ...lacking('unified', Object.fromEntries(byFile.others.map((file) => [file, unified[file]]))),
    ...(version === 1 ? unheeded({ memory, cpuset, devices }) : []),
    ...notGiven,
  ];
  enforce(leftOut, mode);
  // On version 1 systemd would draw lines of its own between the scales, so it gets the numbers that version 1 has.
  const isV1 = version === 1;
  const cpuWeight = weight ?? (shares === undefined || isV1 ? undefined : cpuWeightOf(shares));
  const scale = isV1 ? (one: number): number => one : ioWeightOf;
  const left = new Set(leftOut.map(({ resource }) => resource));
  const unless = <Value>(resource: string, value: Value | undefined): Value | undefined =>
    left.has(resource) ? undefined : value;
  const properties = [
    number('TasksMax', pids),
    number('MemoryMax', max),
    number('MemoryHigh', unless('memory.high', high)),
    number('MemoryMin', unless('memory.min', min)),
    number('MemoryLow', unless('memory.low', low)),
    number('MemorySwapMax', unless('memory.swapMax', swapMax)),
    number('MemoryZSwapMax', unless('memory.zswapMax', zswapMax)),
    number('CPUQuotaPerSecUSec', perSecond(quotaUsec, periodUsec)),
    number('CPUQuotaPeriodUSec', periodUsec),
    number('CPUWeight', cpuWeight),
    number('CPUShares', isV1 ? shares : undefined),
    set('AllowedCPUs', unless('cpuset.cpus', cpus)),
    set('AllowedMemoryNodes', unless('cpuset.mems', mems)),
    number(isV1 ? 'BlockIOWeight' : 'IOWeight', ioWeight === undefined ? undefined : scale(ioWeight)),
    ...DISKS.map(({ field, v1, v2 }) =>
      unless(`io.devices.${field}`, disks(isV1 ? v1 : v2, { devices, field, scale })),
    ),
  ];
  return { properties: [...properties.flatMap((one) => (one ? [one] : [])), ...byFile.properties], leftOut };
}

/** Those resources that are of a controller of its own to systemd. */
const CONTROLLED = ['pids', 'memory', 'cpu', 'cpuset', 'io'] as const;

/** Without what the manager has no controller for, which it would take and never put in force. */
function sift(
  resources: CheckedResources,
  controllers: ReadonlySet<string> | undefined,
): { given: CheckedResources; notGiven: LeftOut[] } {
  const missing = CONTROLLED.filter((name) => resources[name] !== undefined && controllers?.has(name) === false);
  const kept = Object.entries(resources).filter(([name]) => !missing.some((one) => one === name));
  const notGiven = missing.map((resource): LeftOut => {
    const reason = `systemd has no controller ${resource} here`;
    return { resource, reason, alternative: `for users, on version 2: ${delegateToUsers(missing)}` };
  });
  return { given: Object.fromEntries(kept), notGiven };
}

/** Version 2 limits swap alone: what is allowed together less what is allowed of memory, where that is known. */
function swapAlone(memory: MemoryResources<Amount>, max: Amount | undefined): MemoryResources<Amount> {
  const { maxWithSwap, ...others } = memory;
  if (maxWithSwap === 'max') return { ...others, swapMax: memory.swapMax ?? maxWithSwap };
  if (typeof maxWithSwap !== 'bigint' || typeof max !== 'bigint' || max > maxWithSwap) return memory;
  return { ...others, swapMax: maxWithSwap - max };
}

type Devices = NonNullable<NonNullable<CheckedResources['io']>['devices']>;
type DiskField = 'readBytesPerSec' | 'writeBytesPerSec' | 'readOpsPerSec' | 'writeOpsPerSec' | 'weight';

const DISKS: readonly { field: DiskField; v1: string; v2: string }[] = [
  { field: 'readBytesPerSec', v1: 'BlockIOReadBandwidth', v2: 'IOReadBandwidthMax' },
  { field: 'writeBytesPerSec', v1: 'BlockIOWriteBandwidth', v2: 'IOWriteBandwidthMax' },
  { field: 'readOpsPerSec', v1: '', v2: 'IOReadIOPSMax' },
  { field: 'writeOpsPerSec', v1: '', v2: 'IOWriteIOPSMax' },
  { field: 'weight', v1: 'BlockIODeviceWeight', v2: 'IODeviceWeight' },
];

/** systemd names a disk by the path of its node; these links udev makes for each. */
function disks(
  name: string,
  { devices, field, scale }: { devices: Devices; field: DiskField; scale: (weight: number) => number },
): Property | undefined {
  const entries = Object.entries(devices).flatMap(([device, values]) => {
    const value = field === 'weight' && values.weight !== undefined ? scale(values.weight) : values[field];
    return value === undefined ? [] : [[`/dev/block/${device}`, String(value === 'max' ? INFINITY : value)]];
  });
  return entries.length === 0 ? undefined : [name, ['a(st)', entries]];
}

function unheeded({ memory, cpuset, devices }: { memory: object; cpuset: object; devices: Devices }): LeftOut[] {
  const fields: [above: keyof typeof NOT_ON_V1, value: object][] = [
    ['memory', memory],
    ['cpuset', cpuset],
    ['io.devices', Object.assign({}, ...Object.values(devices))],
  ];
  return fields.flatMap(([above, value]) =>
    NOT_ON_V1[above].flatMap((field): LeftOut[] =>
      field in value
        ? [
            {
              resource: `${above}.${field}`,
              reason: `systemd does not put ${above}.${field} in force on version 1 of cgroups`,
              alternative: 'boot with version 2, or make the group with files: create()',
            },
          ]
        : [],
    ),
  );
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
