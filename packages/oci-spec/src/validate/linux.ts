import { arrayOf, type Check, object, type Rule, recordOf, required, uniqueTypes, where } from '../checks/check.ts';
import { memberPath, report } from '../checks/findings.ts';
import { absolutePath, boolean, id, int64, integer, matching, name, oneOf, text, uint32 } from '../checks/scalars.ts';
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
import { idMapping } from './id-mapping.ts';
import { resources } from './resources.ts';
import { seccomp } from './seccomp.ts';

/** An empty path is none: so the libraries in Go that others write configurations with have it. */
const pathOrNone: Check<string> = (value, at, findings): value is string =>
  value === '' || absolutePath(value, at, findings);

/** {@link Linux}. */
export function linux(): Check<Linux> {
  const namespace = object<Namespace>({ type: required(oneOf(NAMESPACE_TYPES)), path: pathOrNone });
  const offset = object<TimeOffset>({ secs: int64, nanosecs: integer(0, 999_999_999) });
  const domain = required(oneOf(PERSONALITY_DOMAINS));
  return object<Linux>({
    namespaces: where(arrayOf(namespace), uniqueTypes),
    uidMappings: arrayOf(idMapping()),
    gidMappings: arrayOf(idMapping()),
    timeOffsets: object<TimeOffsets>({ monotonic: offset, boottime: offset }),
    devices: arrayOf(device()),
    netDevices: recordOf(object<NetDevice>({ name: interfaceName }), interfaceName),
    cgroupsPath: text,
    resources: resources(),
    intelRdt: intelRdt(),
    memoryPolicy: memoryPolicy(),
    sysctl: recordOf(text, name),
    seccomp: seccomp(),
    rootfsPropagation: oneOf(ROOTFS_PROPAGATIONS),
    maskedPaths: arrayOf(absolutePath),
    readonlyPaths: arrayOf(absolutePath),
    mountLabel: text,
    personality: object<Personality>({ domain, flags: arrayOf(text) }),
  });
}

function device(): Check<Device> {
  return where(
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
}

const numbersUnlessPipe: Rule<Device> = (value, at, findings) => {
  if (value.type === 'p') return;
  for (const part of ['major', 'minor'] as const) {
    if (value[part] !== undefined) continue;
    report(findings, { path: memberPath(at, part), value: undefined, allowed: 'a number, as the device is no pipe' });
  }
};

/** What the kernel takes as the name of a network device; `%d` in a new name is a number that it chooses. */
const interfaceName: Check<string> = (value, at, findings): value is string =>
  (typeof value === 'string' && /^(?!\.{1,2}$)[^\0/:\s]{1,15}$/.test(value)) ||
  report(findings, { path: at, value, allowed: "1 to 15 characters without '/', ':' and white space" });

function intelRdt(): Check<IntelRdt> {
  return object<IntelRdt>({
    closID: matching(/^(\/|(?!\.{1,2}$)[^\0/]*)$/, "the name of a directory of resctrl, or '/' for its root"),
    schemata: arrayOf(matching(/^[^\n\0]*$/, 'one line')),
    l3CacheSchema: text,
    memBwSchema: matching(/^MB:[^\n\0]*$/, "one line that begins with 'MB:'"),
    enableMonitoring: boolean,
  });
}

function memoryPolicy(): Check<MemoryPolicy> {
  return where(
    object<MemoryPolicy>({
      mode: required(oneOf(MEMORY_POLICY_MODES)),
      nodes: text,
      flags: arrayOf(oneOf(MEMORY_POLICY_FLAGS)),
    }),
    nodesFitMode,
  );
}

/** As in set_mempolicy(2): two modes take no nodes, one may have some, and the others are about the nodes they are given. */
const nodesFitMode: Rule<MemoryPolicy> = ({ mode, nodes }, at, findings) => {
  const path = memberPath(at, 'nodes');
  if (mode === 'MPOL_DEFAULT' || mode === 'MPOL_LOCAL') {
    if (nodes) report(findings, { path, value: nodes, allowed: `absent, as ${mode} takes no nodes` });
  } else if (mode !== 'MPOL_PREFERRED' && !nodes) {
    report(findings, { path, value: nodes, allowed: `a list of nodes such as '0-1,3', as ${mode} needs one` });
  }
};
