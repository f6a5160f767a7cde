import type { Config } from '@coracle/oci-spec';

/** `T` with no member left out, so that the compiler tells when {@link everything} misses one. */
type Complete<T> = T extends readonly (infer U)[]
  ? Complete<U>[]
  : T extends object
    ? { [K in keyof T]-?: Complete<T[K]> }
    : T;

const ids = [{ containerID: 0, hostID: 100000, size: 65536 }];
const hook = [{ path: '/usr/bin/hook', args: ['hook', '-v'], env: ['A=1'], timeout: 5 }];
const throttle = [{ major: 8, minor: 0, rate: 1_000_000 }];

/** A valid configuration in which every field of the specification is set. */
export const everything: Complete<Config> = {
  ociVersion: '1.3.0',
  root: { path: 'rootfs', readonly: true },
  mounts: [
    {
      destination: '/data',
      type: 'bind',
      source: '/srv/data',
      options: ['rbind', 'idmap'],
      uidMappings: ids,
      gidMappings: ids,
    },
  ],
  process: {
    terminal: true,
    consoleSize: { height: 24, width: 80 },
    cwd: '/',
    env: ['PATH=/bin', 'EMPTY=', 'TEXT=two\nlines = one'],
    args: ['sh', '-c', ''],
    rlimits: [
      { type: 'RLIMIT_NOFILE', soft: 1024, hard: 4096 },
      { type: 'RLIMIT_CORE', soft: 0, hard: 2 ** 64 },
    ],
    apparmorProfile: 'docker-default',
    capabilities: {
      bounding: ['CAP_KILL'],
      permitted: ['CAP_KILL'],
      effective: ['CAP_KILL'],
      inheritable: ['CAP_KILL'],
      ambient: ['CAP_OF_TOMORROW'],
    },
    noNewPrivileges: true,
    oomScoreAdj: -1000,
    scheduler: {
      policy: 'SCHED_DEADLINE',
      nice: -20,
      priority: 0,
      flags: ['SCHED_FLAG_RESET_ON_FORK'],
      runtime: 10_000_000,
      deadline: 20_000_000,
      period: 30_000_000,
    },
    selinuxLabel: 'system_u:system_r:container_t:s0',
    ioPriority: { class: 'IOPRIO_CLASS_BE', priority: 7 },
    execCPUAffinity: { initial: '0-3,7', final: '4' },
    user: { uid: 1000, gid: 1000, umask: 0o027, additionalGids: [5, 4294967294] },
  },
  hostname: 'box',
  domainname: 'example.org',
  hooks: {
    prestart: hook,
    createRuntime: hook,
    createContainer: hook,
    startContainer: hook,
    poststart: hook,
    poststop: hook,
  },
  annotations: { 'org.example.note': 'text', plain: '' },
  linux: {
    namespaces: [
      { type: 'user', path: '/proc/1/ns/user' },
      { type: 'mount', path: '/proc/1/ns/mnt' },
      { type: 'network', path: '/proc/1/ns/net' },
      { type: 'uts', path: '/proc/1/ns/uts' },
      { type: 'time', path: '/proc/1/ns/time' },
    ],
    uidMappings: ids,
    gidMappings: ids,
    timeOffsets: { monotonic: { secs: -5, nanosecs: 999_999_999 }, boottime: { secs: 86400, nanosecs: 0 } },
    devices: [{ type: 'c', path: '/dev/fuse', major: 10, minor: 229, fileMode: 0o666, uid: 0, gid: 0 }],
    netDevices: { eth0: { name: 'inner0' } },
    cgroupsPath: '/box/one',
    resources: {
      devices: [{ allow: false, type: 'a', major: -1, minor: -1, access: 'rwm' }],
      memory: {
        limit: 536870912,
        reservation: -1,
        swap: -1,
        kernel: -1,
        kernelTCP: -1,
        swappiness: 60,
        disableOOMKiller: false,
        useHierarchy: true,
        checkBeforeUpdate: true,
      },
      cpu: {
        shares: 1024,
        quota: -1,
        burst: 1000,
        period: 100000,
        realtimeRuntime: 950000,
        realtimePeriod: 1000000,
        cpus: '0-1',
        mems: '0',
        idle: 1,
      },
      pids: { limit: 2048 },
      blockIO: {
        weight: 500,
        leafWeight: 300,
        weightDevice: [{ major: 8, minor: 0, weight: 500, leafWeight: 300 }],
        throttleReadBpsDevice: throttle,
        throttleWriteBpsDevice: throttle,
        throttleReadIOPSDevice: throttle,
        throttleWriteIOPSDevice: throttle,
      },
      hugepageLimits: [{ pageSize: '2MB', limit: 9223372036854772000 }],
      network: { classID: 1048577, priorities: [{ name: 'eth0', priority: 500 }] },
      rdma: { mlx5_1: { hcaHandles: 3, hcaObjects: 10000 } },
      unified: { 'memory.high': '1073741824' },
    },
    intelRdt: {
      closID: 'gold',
      schemata: ['L3:0=ff'],
      l3CacheSchema: 'L3:0=ff;1=ff',
      memBwSchema: 'MB:0=50',
      enableMonitoring: true,
    },
    memoryPolicy: { mode: 'MPOL_BIND', nodes: '0-1', flags: ['MPOL_F_STATIC_NODES'] },
    sysctl: { 'net.ipv4.ip_forward': '1' },
    seccomp: {
      defaultAction: 'SCMP_ACT_ERRNO',
      defaultErrnoRet: 38,
      architectures: ['SCMP_ARCH_X86_64'],
      flags: ['SECCOMP_FILTER_FLAG_LOG'],
      listenerPath: '/run/listener.sock',
      listenerMetadata: 'box',
      syscalls: [
        {
          names: ['clone'],
          action: 'SCMP_ACT_TRACE',
          errnoRet: 1,
          args: [{ index: 0, value: 2114060288, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
        },
      ],
    },
    rootfsPropagation: 'slave',
    maskedPaths: ['/proc/kcore'],
    readonlyPaths: ['/proc/sys'],
    mountLabel: 'system_u:object_r:container_file_t:s0',
    personality: { domain: 'LINUX32', flags: ['ADDR_NO_RANDOMIZE'] },
  },
};
