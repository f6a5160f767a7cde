import type {
  BlockIOResources,
  CpuResources,
  DeviceRule,
  HugepageLimit,
  InterfacePriority,
  MemoryResources,
  NetworkResources,
  PidsResources,
  RdmaResources,
  Resources,
  ThrottleDevice,
  WeightDevice,
} from '../types/resources.ts';
import { arrayOf, type Check, object, recordOf, required } from './check.ts';
import { boolean, int64, matching, name, text, uint16, uint32, uint64 } from './scalars.ts';

const deviceRule: Check<DeviceRule> = object<DeviceRule>({
  allow: required(boolean),
  type: matching(/^[abcu]?$/, 'a (all), b (block), c or u (character)'),
  major: int64,
  minor: int64,
  access: matching(/^[rwm]*$/, 'letters of rwm'),
});

const memory: Check<MemoryResources> = object<MemoryResources>({
  limit: int64,
  reservation: int64,
  swap: int64,
  kernel: int64,
  kernelTCP: int64,
  swappiness: uint64,
  disableOOMKiller: boolean,
  useHierarchy: boolean,
  checkBeforeUpdate: boolean,
});

const cpu: Check<CpuResources> = object<CpuResources>({
  shares: uint64,
  quota: int64,
  burst: uint64,
  period: uint64,
  realtimeRuntime: int64,
  realtimePeriod: uint64,
  cpus: text,
  mems: text,
  idle: int64,
});

const weightDevice: Check<WeightDevice> = object<WeightDevice>({
  major: required(int64),
  minor: required(int64),
  weight: uint16,
  leafWeight: uint16,
});

const throttles: Check<ThrottleDevice[]> = arrayOf(
  object<ThrottleDevice>({ major: required(int64), minor: required(int64), rate: uint64 }),
);

const blockIO: Check<BlockIOResources> = object<BlockIOResources>({
  weight: uint16,
  leafWeight: uint16,
  weightDevice: arrayOf(weightDevice),
  throttleReadBpsDevice: throttles,
  throttleWriteBpsDevice: throttles,
  throttleReadIOPSDevice: throttles,
  throttleWriteIOPSDevice: throttles,
});

const hugepageLimit: Check<HugepageLimit> = object<HugepageLimit>({
  pageSize: required(matching(/^[1-9][0-9]*[KMG]B$/, "a size in KB, MB or GB, such as '2MB'")),
  limit: required(uint64),
});

const network: Check<NetworkResources> = object<NetworkResources>({
  classID: uint32,
  priorities: arrayOf(object<InterfacePriority>({ name: required(name), priority: required(uint32) })),
});

/** {@link Resources}. */
export const resources: Check<Resources> = object<Resources>({
  devices: arrayOf(deviceRule),
  memory,
  cpu,
  pids: object<PidsResources>({ limit: required(int64) }),
  blockIO,
  hugepageLimits: arrayOf(hugepageLimit),
  network,
  rdma: recordOf(object<RdmaResources>({ hcaHandles: uint32, hcaObjects: uint32 })),
  unified: recordOf(text, name),
});
