import { fromOci } from '@coracle/cgroups';
import { specConfig } from '@coracle/oci-spec';
import { validateConfig } from '@coracle/oci-spec/validate';
import { expect, test } from '@jest/globals';

/** A part of a configuration to be replaced: its place, and what stands there then; `undefined` takes it out. */
type Change = [place: string, value: unknown];

/** The configuration of `spec` with some parts replaced. */
function changed(changes: readonly Change[]): Record<string, unknown> {
  const config: Record<string, unknown> = JSON.parse(JSON.stringify(specConfig()));
  for (const [place, value] of changes) put(config, place.split('.'), value);
  return config;
}

function put(parent: Record<string, unknown>, [key = '', ...rest]: string[], value: unknown): void {
  if (rest.length > 0) {
    const child: Record<string, unknown> = { ...Object(parent[key]) };
    put(child, rest, value);
    parent[key] = child;
  } else if (value === undefined) delete parent[key];
  else parent[key] = value;
}

/** Where the one problem of a configuration is. */
function problemOf(changes: readonly Change[]): string {
  try {
    validateConfig(changed(changes));
  } catch (error) {
    const path: unknown = Reflect.get(Object(error), 'path');
    return String(path);
  }
  return 'none';
}

const USER = { type: 'user' };
const NAMESPACES = [{ type: 'mount' }, { type: 'pid' }, { type: 'network' }, { type: 'uts' }];
const mapped: Change[] = [
  ['linux.namespaces', [...NAMESPACES, USER]],
  ['linux.uidMappings', [{ containerID: 0, hostID: 1000, size: 1 }]],
  ['linux.gidMappings', [{ containerID: 0, hostID: 1000, size: 1 }]],
];
const mount = (fields: object): Change[] => [['mounts', [{ destination: '/a', source: '/b', ...fields }]]];
const hook = (fields: object): Change[] => [['hooks.prestart', [{ path: '/bin/true', ...fields }]]];
const seccomp = (fields: object): Change[] => [['linux.seccomp', { defaultAction: 'SCMP_ACT_ALLOW', ...fields }]];
const rule = (fields: object): Change[] =>
  seccomp({ syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_ERRNO', ...fields }] });
const argument = (fields: object): Change[] => rule({ args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ', ...fields }] });
const device = (fields: object): Change[] => [
  ['linux.devices', [{ type: 'c', path: '/dev/x', major: 1, minor: 3, ...fields }]],
];
const limit = (fields: object): Change[] => [
  ['process.rlimits', [{ type: 'RLIMIT_NOFILE', soft: 10, hard: 20, ...fields }]],
];
const MAPPING = { containerID: 0, hostID: 1, size: 1 };
const weight = (fields: object): Change[] => [
  ['linux.resources.blockIO.weightDevice', [{ major: 8, minor: 0, ...fields }]],
];

/** What has to be refused, by the line that says so: each change is the only thing wrong, and where it is told to be. */
const REFUSED: Record<string, [changes: Change[], path: string][]> = {
  'config.md#configSpecificationVersion: ociVersion is there and in the form of SemVer 2': [
    [[['ociVersion', undefined]], '$.ociVersion'],
    [[['ociVersion', '1.3']], '$.ociVersion'],
    [[['ociVersion', 'v1.3.0']], '$.ociVersion'],
  ],
  'config.md#configRoot: root and its path are there': [
    [[['root', undefined]], '$.root'],
    [[['root.path', undefined]], '$.root.path'],
  ],
  'config.md#configMounts: a mount has a destination': [[mount({ destination: undefined }), '$.mounts[0].destination']],
  'config.md#configPOSIXMounts: mappings of users and groups come together': [
    [mount({ options: ['bind', 'idmap'], uidMappings: [MAPPING] }), '$.mounts[0].gidMappings'],
    [mount({ options: ['bind', 'idmap'], gidMappings: [MAPPING] }), '$.mounts[0].uidMappings'],
  ],
  'config.md#configLinuxMountOptions: idmap and ridmap without any mappings are an error': [
    [mount({ options: ['bind', 'idmap'] }), '$.mounts[0].uidMappings'],
    [mount({ options: ['rbind', 'ridmap'] }), '$.mounts[0].uidMappings'],
  ],
  'config.md#configProcess: consoleSize has a height and a width': [
    [[['process.consoleSize', { width: 80 }]], '$.process.consoleSize.height'],
    [[['process.consoleSize', { height: 24 }]], '$.process.consoleSize.width'],
  ],
  'config.md#configProcess: cwd is there and absolute': [
    [[['process.cwd', undefined]], '$.process.cwd'],
    [[['process.cwd', 'tmp']], '$.process.cwd'],
  ],
  'config.md#configProcess: args has at least one entry': [
    [[['process.args', undefined]], '$.process.args'],
    [[['process.args', []]], '$.process.args'],
  ],
  'config.md#configPOSIXProcess: a limit has a type, a soft and a hard value': [
    [limit({ type: undefined }), '$.process.rlimits[0].type'],
    [limit({ soft: undefined }), '$.process.rlimits[0].soft'],
    [limit({ hard: undefined }), '$.process.rlimits[0].hard'],
  ],
  'config.md#configPOSIXProcess: a limit that the kernel does not have is an error': [
    [limit({ type: 'RLIMIT_PATIENCE' }), '$.process.rlimits[0].type'],
  ],
  'config.md#configPOSIXProcess: two limits of one type are an error': [
    [
      [
        [
          'process.rlimits',
          [
            { type: 'RLIMIT_NOFILE', soft: 1, hard: 2 },
            { type: 'RLIMIT_NOFILE', soft: 1, hard: 2 },
          ],
        ],
      ],
      '$.process.rlimits[1].type',
    ],
  ],
  'config.md#configLinuxProcess: a scheduler has a policy, a priority of input and output a class': [
    [[['process.scheduler', { nice: 1 }]], '$.process.scheduler.policy'],
    [[['process.ioPriority', { priority: 1 }]], '$.process.ioPriority.class'],
  ],
  'config.md#configPOSIXUser: a user has a uid and a gid': [
    [[['process.user', { gid: 0 }]], '$.process.user.uid'],
    [[['process.user', { uid: 0 }]], '$.process.user.gid'],
  ],
  'config.md#configHooks: a hook has a path, which is absolute, and a timeout above zero': [
    [hook({ path: undefined }), '$.hooks.prestart[0].path'],
    [hook({ path: 'true' }), '$.hooks.prestart[0].path'],
    [hook({ timeout: 0 }), '$.hooks.prestart[0].timeout'],
    [hook({ timeout: -1 }), '$.hooks.prestart[0].timeout'],
  ],
  'config.md#configAnnotations: annotations are a map of strings, by keys that are not empty': [
    [[['annotations', ['a']]], '$.annotations'],
    [[['annotations', { '': 'a' }]], '$.annotations[""]'],
    [[['annotations', { a: 1 }]], '$.annotations.a'],
  ],
  'config.md#valid-values: values that are invalid or not supported are an error': [
    [[['process.terminal', 'yes']], '$.process.terminal'],
    [[['linux.rootfsPropagation', 'sometimes']], '$.linux.rootfsPropagation'],
    [[['linux.resources.pids', { limit: 'many' }]], '$.linux.resources.pids.limit'],
    [[['hostname', 5]], '$.hostname'],
  ],
  'config-linux.md#configLinuxNamespaces: a namespace has a type, and a path that is absolute': [
    [[['linux.namespaces', [...NAMESPACES, {}]]], '$.linux.namespaces[4].type'],
    [[['linux.namespaces', [...NAMESPACES, { type: 'ipc', path: 'ns' }]]], '$.linux.namespaces[4].path'],
  ],
  'config-linux.md#configLinuxNamespaces: two namespaces of one type are an error': [
    [[['linux.namespaces', [...NAMESPACES, { type: 'pid' }]]], '$.linux.namespaces[4].type'],
  ],
  'config-linux.md#configLinuxUserNamespaceMappings: a mapping has both ids and a size': [
    [[...mapped, ['linux.uidMappings', [{ hostID: 1, size: 1 }]]], '$.linux.uidMappings[0].containerID'],
    [[...mapped, ['linux.uidMappings', [{ containerID: 0, size: 1 }]]], '$.linux.uidMappings[0].hostID'],
    [[...mapped, ['linux.gidMappings', [{ containerID: 0, hostID: 1 }]]], '$.linux.gidMappings[0].size'],
  ],
  'config-linux.md#configLinuxDevices: a device has a type, a path and, unless it is a pipe, numbers': [
    [device({ type: undefined }), '$.linux.devices[0].type'],
    [device({ path: undefined }), '$.linux.devices[0].path'],
    [device({ major: undefined }), '$.linux.devices[0].major'],
    [device({ minor: undefined }), '$.linux.devices[0].minor'],
  ],
  'config-linux.md#configLinuxDeviceAllowedlist: a rule says whether it allows': [
    [[['linux.resources.devices', [{ access: 'rwm' }]]], '$.linux.resources.devices[0].allow'],
  ],
  'config-linux.md#configLinuxCPU: a burst is no larger than a quota': [
    [[['linux.resources.cpu', { quota: 1000, burst: 2000 }]], '$.linux.resources.cpu.burst'],
  ],
  'config-linux.md#configLinuxBlockIO: a device has both numbers': [
    [weight({ major: undefined, weight: 10 }), '$.linux.resources.blockIO.weightDevice[0].major'],
    [
      [['linux.resources.blockIO.throttleReadBpsDevice', [{ major: 8, rate: 1 }]]],
      '$.linux.resources.blockIO.throttleReadBpsDevice[0].minor',
    ],
  ],
  'config-linux.md#configLinuxBlockIO: an entry of weightDevice has a weight or a leafWeight': [
    [weight({}), '$.linux.resources.blockIO.weightDevice[0].weight'],
  ],
  'config-linux.md#configLinuxHugePageLimits: a limit has the size of its pages and a value': [
    [[['linux.resources.hugepageLimits', [{ limit: 1 }]]], '$.linux.resources.hugepageLimits[0].pageSize'],
    [[['linux.resources.hugepageLimits', [{ pageSize: '2MB' }]]], '$.linux.resources.hugepageLimits[0].limit'],
  ],
  'config-linux.md#configLinuxNetwork: a priority has the name of an interface and a value': [
    [[['linux.resources.network', { priorities: [{ priority: 1 }] }]], '$.linux.resources.network.priorities[0].name'],
    [
      [['linux.resources.network', { priorities: [{ name: 'lo' }] }]],
      '$.linux.resources.network.priorities[0].priority',
    ],
  ],
  'config-linux.md#configLinuxRDMA: an entry has hcaHandles or hcaObjects': [
    [[['linux.resources.rdma', { mlx5_1: {} }]], '$.linux.resources.rdma.mlx5_1.hcaHandles'],
  ],
  'config-linux.md#configLinuxIntelRdt: memBwSchema begins with MB: and is, as a line of schemata, one line': [
    [[['linux.intelRdt', { memBwSchema: 'L3:0=f' }]], '$.linux.intelRdt.memBwSchema'],
    [[['linux.intelRdt', { memBwSchema: 'MB:0=10\nMB:1=10' }]], '$.linux.intelRdt.memBwSchema'],
    [[['linux.intelRdt', { schemata: ['L3:0=f\n'] }]], '$.linux.intelRdt.schemata[0]'],
  ],
  'config-linux.md#configLinuxMemoryPolicy: a memory policy has a mode': [
    [[['linux.memoryPolicy', { nodes: '0' }]], '$.linux.memoryPolicy.mode'],
  ],
  'config-linux.md#configLinuxSeccomp: a profile has a default action, and a rule names and an action': [
    [[['linux.seccomp', {}]], '$.linux.seccomp.defaultAction'],
    [rule({ names: undefined }), '$.linux.seccomp.syscalls[0].names'],
    [rule({ names: [] }), '$.linux.seccomp.syscalls[0].names'],
    [rule({ action: undefined }), '$.linux.seccomp.syscalls[0].action'],
  ],
  'config-linux.md#configLinuxSeccomp: an errno beside an action that has none is an error': [
    [seccomp({ defaultErrnoRet: 5 }), '$.linux.seccomp.defaultErrnoRet'],
    [rule({ action: 'SCMP_ACT_LOG', errnoRet: 5 }), '$.linux.seccomp.syscalls[0].errnoRet'],
  ],
  'config-linux.md#configLinuxSeccomp: listenerMetadata without listenerPath is an error': [
    [seccomp({ listenerMetadata: 'x' }), '$.linux.seccomp.listenerMetadata'],
  ],
  'config-linux.md#configLinuxSeccomp: a condition has an index, a value and an operator': [
    [argument({ index: undefined }), '$.linux.seccomp.syscalls[0].args[0].index'],
    [argument({ value: undefined }), '$.linux.seccomp.syscalls[0].args[0].value'],
    [argument({ op: undefined }), '$.linux.seccomp.syscalls[0].args[0].op'],
  ],
  'config-linux.md#configLinuxMaskedPaths: masked paths are absolute': [
    [[['linux.maskedPaths', ['proc/kcore']]], '$.linux.maskedPaths[0]'],
  ],
  'config-linux.md#configLinuxReadonlyPaths: read-only paths are absolute': [
    [[['linux.readonlyPaths', ['proc/sys']]], '$.linux.readonlyPaths[0]'],
  ],
  'config-linux.md#configLinuxPersonality: a personality has a domain': [
    [[['linux.personality', {}]], '$.linux.personality.domain'],
  ],
};

for (const [title, cases] of Object.entries(REFUSED))
  test(title, () => {
    expect(problemOf([])).toBe('none');
    expect(cases.map(([changes]) => problemOf(changes))).toEqual(cases.map(([, path]) => path));
  });

test('config.md#configExtensibility: unknown properties are ignored, and unknown annotations too', () => {
  const unknown: Change[] = [
    ['future', { any: 'thing' }],
    ['process.future', 1],
    ['linux.resources.future', [true]],
    ['annotations', { 'org.opencontainers.future': 'x', 'com.example': 'y' }],
  ];
  expect(validateConfig(changed(unknown))).toEqual(changed(unknown));
});

test('config-linux.md#configLinuxBlockIO: a rate that is absent is 0, as in the official schema', () => {
  const blockIO = { throttleReadBpsDevice: [{ major: 8, minor: 0 }] };
  expect(problemOf([['linux.resources.blockIO', blockIO]])).toBe('none');
  const zero = { throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 0 }] };
  expect(fromOci({ blockIO })).toEqual(fromOci({ blockIO: zero }));
});
