import {
  DEVICE_TYPES,
  type Device,
  type IntelRdt,
  type Linux,
  MEMORY_POLICY_FLAGS,
  MEMORY_POLICY_MODES,
  type MemoryPolicy,
  NAMESPACE_TYPES,
  type Namespace,
  type NetDevice,
  PERSONALITY_DOMAINS,
  type Personality,
  ROOTFS_PROPAGATIONS,
  type TimeOffset,
  type TimeOffsets,
} from '../types/linux.ts';
import { arrayOf, type Check, object, type Rule, recordOf, required, uniqueTypes, where } from './check.ts';
import { idMapping } from './id-mapping.ts';
import { memberPath, report } from './problem.ts';
import { resources } from './resources.ts';
import { absolutePath, boolean, id, int64, integer, matching, name, oneOf, text, uint32 } from './scalars.ts';
import { seccomp } from './seccomp.ts';

const namespace: Check<Namespace> = object<Namespace>({ type: required(oneOf(NAMESPACE_TYPES)), path: absolutePath });

const numbersUnlessPipe: Rule<Device> = (device, at, problems) => {
  if (device.type === 'p') return;
  for (const part of ['major', 'minor'] as const) {
    if (device[part] !== undefined) continue;
    report(problems, { path: memberPath(at, part), value: undefined, allowed: 'a number, as the device is no pipe' });
  }
};

const device: Check<Device> = where(
  object<Device>({
    type: required(oneOf(DEVICE_TYPES)),
    path: required(absolutePath),
    major: uint32,
    minor: uint32,
    fileMode: uint32,
    uid: id,
    gid: id,
  }),
  numbersUnlessPipe,
);

/** What the kernel takes as the name of a network device. */
const interfaceName = matching(/^(?!\.{1,2}$)[^\0/:\s]{1,15}$/, "1 to 15 characters without '/', ':' and white space");

const timeOffset: Check<TimeOffset> = object<TimeOffset>({ secs: int64, nanosecs: integer(0, 999_999_999) });

const intelRdt: Check<IntelRdt> = object<IntelRdt>({
  closID: text,
  schemata: arrayOf(text),
  l3CacheSchema: text,
  memBwSchema: matching(/^MB:[^\n\0]*$/, "one line that begins with 'MB:'"),
  enableMonitoring: boolean,
});

const memoryPolicy: Check<MemoryPolicy> = object<MemoryPolicy>({
  mode: required(oneOf(MEMORY_POLICY_MODES)),
  nodes: text,
  flags: arrayOf(oneOf(MEMORY_POLICY_FLAGS)),
});

/** {@link Linux}. */
export const linux: Check<Linux> = object<Linux>({
  namespaces: where(arrayOf(namespace), uniqueTypes),
  uidMappings: arrayOf(idMapping),
  gidMappings: arrayOf(idMapping),
  timeOffsets: object<TimeOffsets>({ monotonic: timeOffset, boottime: timeOffset }),
  devices: arrayOf(device),
  netDevices: recordOf(object<NetDevice>({ name: interfaceName }), interfaceName),
  cgroupsPath: text,
  resources,
  intelRdt,
  memoryPolicy,
  sysctl: recordOf(text, name),
  seccomp,
  rootfsPropagation: oneOf(ROOTFS_PROPAGATIONS),
  maskedPaths: arrayOf(absolutePath),
  readonlyPaths: arrayOf(absolutePath),
  mountLabel: text,
  personality: object<Personality>({ domain: required(oneOf(PERSONALITY_DOMAINS)), flags: arrayOf(text) }),
});
