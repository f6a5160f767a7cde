import { arrayOf, type Check, object, type Rule, recordOf, required, where } from '../checks/check.ts';
import { memberPath, report } from '../checks/findings.ts';
import { boolean, int64, integer, matching, name, text, uint16, uint32, uint64 } from '../checks/scalars.ts';
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

/** {@link Resources}. */
export function resources(): Check<Resources> {
  const priority = object<InterfacePriority>({ name: required(name), priority: required(uint32) });
  return object<Resources>({
    devices: arrayOf(deviceRule()),
    memory: memory(),
    cpu: cpu(),
    pids: object<PidsResources>({ limit: int64 }),
    blockIO: blockIO(),
    hugepageLimits: arrayOf(hugepageLimit()),
    network: object<NetworkResources>({ classID: uint32, priorities: arrayOf(priority) }),
    rdma: recordOf(
      where(
        object<RdmaResources>({ hcaHandles: uint32, hcaObjects: uint32 }),
        either<RdmaResources>('hcaHandles', 'hcaObjects'),
      ),
    ),
    unified: recordOf(text, fileName),
  });
}

function deviceRule(): Check<DeviceRule> {
  return object<DeviceRule>({
    allow: required(boolean),
    type: matching(/^[abcu]?$/, 'a (all), b (block), c or u (character)'),
    major: int64,
    minor: int64,
    access,
  });
}

/** Engines and tests of theirs write further letters, which runtimes have always passed over. */
const access: Check<string> = (value, at, findings): value is string => {
  if (typeof value !== 'string' || !/^$|^[a-z]*[rwm][a-z]*$/.test(value))
    return report(findings, { path: at, value, allowed: 'letters of rwm' });
  const others = value.replace(/[rwm]/g, '');
  if (others !== '')
    findings.remarks.push({ path: at, text: `has '${others}' in it, which is no access and is ignored` });
  return true;
};

function memory(): Check<MemoryResources> {
  return object<MemoryResources>({
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
}

function cpu(): Check<CpuResources> {
  return where(
    object<CpuResources>({
      shares: uint64,
      quota: int64,
      burst: uint64,
      period: uint64,
      realtimeRuntime: int64,
      realtimePeriod: uint64,
      cpus: text,
      mems: text,
      idle: integer(0, 1),
    }),
    burstUpToQuota,
  );
}

/** A quota that is not positive is no limit, and then there is nothing that a burst could go over. */
const burstUpToQuota: Rule<CpuResources> = ({ burst, quota }, at, findings) => {
  if (burst === undefined || quota === undefined || quota <= 0 || burst <= quota) return;
  report(findings, { path: memberPath(at, 'burst'), value: burst, allowed: `at most quota (${quota})` });
};

function blockIO(): Check<BlockIOResources> {
  const throttles = arrayOf(object<ThrottleDevice>({ major: required(int64), minor: required(int64), rate: uint64 }));
  const weightDevice = where(
    object<WeightDevice>({ major: required(int64), minor: required(int64), weight: uint16, leafWeight: uint16 }),
    either<WeightDevice>('weight', 'leafWeight'),
  );
  return object<BlockIOResources>({
    weight: uint16,
    leafWeight: uint16,
    weightDevice: arrayOf(weightDevice),
    throttleReadBpsDevice: throttles,
    throttleWriteBpsDevice: throttles,
    throttleReadIOPSDevice: throttles,
    throttleWriteIOPSDevice: throttles,
  });
}

function hugepageLimit(): Check<HugepageLimit> {
  return object<HugepageLimit>({
    pageSize: required(matching(/^[1-9][0-9]*[KMG]B$/, "a size in KB, MB or GB, such as '2MB'")),
    limit: required(uint64),
  });
}

/** An entry with neither of two fields says nothing. */
function either<T extends object>(one: keyof T & string, other: keyof T & string): Rule<T> {
  return (value, at, findings) => {
    if (value[one] !== undefined || value[other] !== undefined) return;
    report(findings, { path: memberPath(at, one), value: undefined, allowed: `given, or ${other}` });
  };
}

/** A file of the container's own cgroup, and of no other. */
const fileName: Check<string> = (value, at, findings): value is string =>
  (typeof value === 'string' && /^(?!\.{1,2}$)[^\0/]+$/.test(value)) ||
  report(findings, { path: at, value, allowed: "named as a file of the cgroup, without '/'" });
