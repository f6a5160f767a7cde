import type { Config, Mount, Namespace } from '@coracle/oci-spec';
import fc from 'fast-check';
import { PROBE } from './probe.ts';

/** What of the machine the configurations can count on. */
export interface Scene {
  bundle: string;
  /** A path that a namespace of each of these kinds can be joined at. */
  joinable: Readonly<Record<string, string>>;
  /** Capabilities that can be given. */
  available: readonly string[];
}

const MASKED = ['/proc/kcore', '/proc/timer_list', '/sys/firmware', '/proc/keys', '/full/one', '/no/such/file'];
const READ_ONLY = ['/proc/sys', '/proc/bus', '/proc/irq', '/work', '/no/such/file'];
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });

/** Configurations with the parts that podman, containerd and `runc spec` write, and whatever else runc 1.1 knows. */
export function configurations(scene: Scene): fc.Arbitrary<Config> {
  const attributes = fc.subarray(['nosuid', 'nodev', 'noexec', 'ro', 'noatime', 'nodiratime']);
  const propagation = maybe(fc.constantFrom('rprivate', 'private', 'rslave', 'slave'));
  const bind = fc
    .record({ attributes, propagation, recursive: fc.boolean(), file: fc.boolean(), relative: fc.boolean() })
    .map((one): Mount => {
      const source = one.file ? 'alone' : 'volume';
      return {
        destination: one.file ? '/file/inside' : '/data',
        type: 'bind',
        source: one.relative ? source : `${scene.bundle}/${source}`,
        options: [one.recursive ? 'rbind' : 'bind', ...one.attributes, ...(one.propagation ? [one.propagation] : [])],
      };
    });
  const tmpfs = fc
    .record({ attributes, copies: fc.boolean(), size: maybe(fc.constantFrom('size=1m', 'size=128k')) })
    .map(
      (one): Mount => ({
        destination: one.copies ? '/full' : '/scratch',
        type: 'tmpfs',
        source: 'tmpfs',
        options: [...one.attributes, ...(one.copies ? ['tmpcopyup'] : []), ...(one.size?.split(',') ?? [])],
      }),
    );
  const namespaces = fc.record({
    without: fc.subarray(['network', 'ipc', 'uts', 'cgroup', 'pid'] as const, { maxLength: 2 }),
    joined: fc.subarray(['network', 'ipc', 'uts'] as const, { maxLength: 2 }),
    user: fc.boolean(),
  });
  const capabilities = fc
    .record({ some: fc.subarray([...scene.available]), few: fc.subarray([...scene.available], { maxLength: 3 }) })
    .map(({ some, few }) => ({
      bounding: some,
      permitted: some,
      effective: some.filter((name) => !few.includes(name)),
      inheritable: few.filter((name) => some.includes(name)),
      ambient: few,
    }));
  return fc
    .record({
      mounts: fc.tuple(maybe(bind), maybe(tmpfs), maybe(bind)),
      namespaces,
      capabilities: maybe(capabilities),
      user: fc.record({
        uid: fc.constantFrom(0, 0, 1000, 1234),
        gid: fc.constantFrom(0, 0, 1000, 5),
        additionalGids: fc.subarray([5, 10, 77, 1000]),
        umask: maybe(fc.constantFrom(0, 0o22, 0o77)),
      }),
      rlimits: fc.subarray([
        { type: 'RLIMIT_NOFILE' as const, soft: 256, hard: 512 },
        { type: 'RLIMIT_CORE' as const, soft: 0, hard: 0 },
        { type: 'RLIMIT_NPROC' as const, soft: 500, hard: 600 },
        { type: 'RLIMIT_STACK' as const, soft: 4194304, hard: 8388608 },
      ]),
      environment: fc.subarray(['TERM=xterm', 'A=b c', 'EMPTY=', 'LANG=de_DE.UTF-8']),
      cwd: fc.constantFrom('/', '/tmp', '/new/directory', '/work'),
      noNewPrivileges: fc.boolean(),
      oomScoreAdj: maybe(fc.constantFrom(0, 100, 1000)),
      readonly: fc.boolean(),
      hostname: fc.constantFrom('box', 'a.b.c'),
      domainname: maybe(fc.constantFrom('example.org')),
      sysctl: fc.subarray([
        ['net.ipv4.ip_forward', '1'],
        ['kernel.msgmax', '9000'],
        ['fs.mqueue.msg_max', '20'],
      ] as const),
      masked: fc.subarray(MASKED),
      readOnlyPaths: fc.subarray(READ_ONLY),
      devices: fc.subarray([
        { path: '/dev/fuse', type: 'c' as const, major: 10, minor: 229, fileMode: 0o660, uid: 0, gid: 5 },
        { path: '/mnt/zero', type: 'c' as const, major: 1, minor: 5, fileMode: 0o600, uid: 1000, gid: 1000 },
        { path: '/dev/pipe', type: 'p' as const, fileMode: 0o640 },
        { path: '/dev/null', type: 'c' as const, major: 1, minor: 3, fileMode: 0o622 },
      ]),
      rootfsPropagation: maybe(fc.constantFrom('rprivate' as const, 'rslave' as const, 'rshared' as const)),
      cgroup: fc.record({
        mount: fc.boolean(),
        // One that both make and remove, in turn.
        path: maybe(fc.constantFrom('/coracle-differential', 'coracle-differential')),
        pids: maybe(fc.integer({ min: 20, max: 500 })),
        memory: maybe(fc.constantFrom(64 << 20, 128 << 20)),
        shares: maybe(fc.constantFrom(2, 512, 2048)),
        quota: maybe(fc.constantFrom(50_000, 150_000)),
        devices: fc.constantFrom('none', 'deny', 'fuse' as string),
      }),
      standardMounts: fc.subarray(STANDARD_MOUNTS, { minLength: 2 }),
    })
    .map((choice) => build(choice, scene));
}

/** Always there: nodes that one container leaves in the root would be another's. */
const DEV: Mount = {
  destination: '/dev',
  type: 'tmpfs',
  source: 'tmpfs',
  options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
};

const STANDARD_MOUNTS: Mount[] = [
  {
    destination: '/dev/pts',
    type: 'devpts',
    source: 'devpts',
    options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
  },
  {
    destination: '/dev/shm',
    type: 'tmpfs',
    source: 'shm',
    options: ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k'],
  },
  { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
  { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
];

type Choice = {
  mounts: readonly (Mount | undefined)[];
  namespaces: { without: readonly string[]; joined: readonly ('network' | 'ipc' | 'uts')[]; user: boolean };
  capabilities: NonNullable<Config['process']>['capabilities'] | undefined;
  user: { uid: number; gid: number; additionalGids: number[]; umask: number | undefined };
  rlimits: NonNullable<NonNullable<Config['process']>['rlimits']>;
  environment: string[];
  cwd: string;
  noNewPrivileges: boolean;
  oomScoreAdj: number | undefined;
  readonly: boolean;
  hostname: string;
  domainname: string | undefined;
  sysctl: readonly (readonly [string, string])[];
  masked: string[];
  readOnlyPaths: string[];
  devices: NonNullable<NonNullable<Config['linux']>['devices']>;
  rootfsPropagation: NonNullable<Config['linux']>['rootfsPropagation'];
  cgroup: {
    mount: boolean;
    path: string | undefined;
    pids: number | undefined;
    memory: number | undefined;
    shares: number | undefined;
    quota: number | undefined;
    devices: string;
  };
  standardMounts: Mount[];
};

/** A configuration of parts that go together: what needs a namespace is left out where there is none. */
function build(choice: Choice, scene: Scene): Config {
  const { user, without, joined } = choice.namespaces;
  const kinds = ['mount', 'pid', 'network', 'ipc', 'uts', 'cgroup'] as const;
  // The host's own network, ipc and uts do not belong to a new user namespace, in which some settings would be refused.
  const left = (kind: string): boolean => !user && without.includes(kind);
  const namespaces = kinds.flatMap((type): Namespace[] => {
    if (left(type)) return [];
    const path = !user && joined.some((one) => one === type) ? scene.joinable[type] : undefined;
    return [{ type, ...(path === undefined ? {} : { path }) }];
  });
  const has = (type: string): boolean => namespaces.some((one) => one.type === type);
  const sysctl = choice.sysctl.filter(([key]) => has(key.startsWith('net.') ? 'network' : 'ipc'));
  const mapping = [{ containerID: 0, hostID: 200_000, size: 65_536 }];
  const { cgroup } = choice;
  const mounts = [
    { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
    DEV,
    ...choice.standardMounts,
    ...(cgroup.mount && choice.standardMounts.some(({ type }) => type === 'sysfs')
      ? [
          {
            destination: '/sys/fs/cgroup',
            type: 'cgroup',
            source: 'cgroup',
            options: ['nosuid', 'noexec', 'nodev', 'relatime', 'ro'],
          },
        ]
      : []),
    ...choice.mounts.filter((one) => one !== undefined).map((one) => (user ? withoutLocked(one) : one)),
  ];
  return {
    ociVersion: '1.0.2',
    root: { path: 'rootfs', readonly: choice.readonly },
    process: {
      terminal: false,
      user: {
        uid: choice.user.uid,
        gid: choice.user.gid,
        additionalGids: choice.user.additionalGids,
        ...(choice.user.umask === undefined ? {} : { umask: choice.user.umask }),
      },
      args: ['sh', '-c', PROBE],
      env: [
        'PATH=/bin',
        ...choice.environment,
        `PROBE_MASKED=${choice.masked.join(' ')}`,
        `PROBE_READ_ONLY=${choice.readOnlyPaths.join(' ')}`,
      ],
      cwd: choice.cwd,
      rlimits: choice.rlimits,
      noNewPrivileges: choice.noNewPrivileges,
      ...(choice.capabilities === undefined ? {} : { capabilities: choice.capabilities }),
      ...(choice.oomScoreAdj === undefined ? {} : { oomScoreAdj: choice.oomScoreAdj }),
    },
    ...(has('uts') ? { hostname: choice.hostname } : {}),
    mounts,
    linux: {
      namespaces: [...namespaces, ...(user ? [{ type: 'user' as const }] : [])],
      ...(user ? { uidMappings: mapping, gidMappings: mapping } : {}),
      sysctl: Object.fromEntries(sysctl),
      maskedPaths: choice.masked,
      readonlyPaths: choice.readOnlyPaths,
      devices: user
        ? choice.devices.filter(({ path }) => path !== '/mnt/zero' && path !== '/dev/pipe')
        : choice.devices,
      ...(choice.rootfsPropagation === undefined ? {} : { rootfsPropagation: choice.rootfsPropagation }),
      ...(cgroup.path === undefined ? {} : { cgroupsPath: cgroup.path }),
      resources: {
        ...(cgroup.pids === undefined ? {} : { pids: { limit: cgroup.pids } }),
        ...(cgroup.memory === undefined ? {} : { memory: { limit: cgroup.memory } }),
        ...(cgroup.shares === undefined && cgroup.quota === undefined
          ? {}
          : {
              cpu: {
                ...(cgroup.shares === undefined ? {} : { shares: cgroup.shares }),
                ...(cgroup.quota === undefined ? {} : { quota: cgroup.quota, period: 100_000 }),
              },
            }),
        ...deviceRules(choice),
      },
    },
  };
}

/** runc 1.1 forgets to allow a usual device that is named: it has a rule here. */
function deviceRules({
  cgroup,
  devices,
}: Choice): Pick<NonNullable<NonNullable<Config['linux']>['resources']>, 'devices'> {
  const hasNull = devices.some(({ path }) => path === '/dev/null');
  const rules = [
    ...(cgroup.devices === 'none' ? [] : [{ allow: false, access: 'rwm' }]),
    ...(cgroup.devices === 'fuse' ? [{ allow: true, type: 'c' as const, major: 10, minor: 229, access: 'rw' }] : []),
    ...(hasNull ? [{ allow: true, type: 'c' as const, major: 1, minor: 3, access: 'rwm' }] : []),
  ];
  return rules.length === 0 ? {} : { devices: rules };
}

/** How access times are kept is locked for a user namespace, in what it gets from the host. */
function withoutLocked(mount: Mount): Mount {
  if (mount.type !== 'bind') return mount;
  return { ...mount, options: mount.options?.filter((option) => !/^no(dir)?atime$/.test(option)) ?? [] };
}
