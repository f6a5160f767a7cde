import { readFileSync } from 'node:fs';
import type { Facts } from '../src/index.ts';

/** What is special about a machine: its texts, what the caller may write, and the files of its groups. */
export interface MachineFixture {
  mountinfo: string;
  selfCgroup: string;
  /** Directories the caller may change, each with the files in it. */
  writable: readonly string[];
  /** Texts of files by path. */
  files?: Readonly<Record<string, string>>;
}

/** The facts of a machine that is not this one. */
export function factsOf({ mountinfo, selfCgroup, writable, files = {} }: MachineFixture): Facts {
  return {
    mountinfo,
    selfCgroup,
    isWritable: (path) => writable.some((directory) => path === directory || isFileOf(path, directory)),
    read: (path) => files[path],
  };
}

function isFileOf(path: string, directory: string): boolean {
  return path.startsWith(`${directory}/cgroup.`) && !path.slice(directory.length + 1).includes('/');
}

const fixture = (name: string): string => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8');

const SEPARATE_GROUPS = ['pids', 'freezer', 'cpuacct', 'cpu'].map((name) => `/sys/fs/cgroup/${name}`);

/** Recorded: kernel 6.18, each controller of version 1 in a hierarchy of its own, version 2 beside them with hugetlb. */
export const separate: MachineFixture = {
  mountinfo: fixture('separate.mountinfo'),
  selfCgroup: fixture('separate.cgroup'),
  writable: [...SEPARATE_GROUPS, '/sys/fs/cgroup/memory/service/2c396aa5', '/sys/fs/cgroup/unified'],
  files: { '/sys/fs/cgroup/unified/cgroup.controllers': 'hugetlb\n' },
};

const V1_MOUNTS = `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:26 / /sys/fs/cgroup ro,nosuid,nodev,noexec shared:9 - tmpfs tmpfs ro,mode=755
33 30 0:30 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:12 - cgroup cgroup rw,cpu,cpuacct
34 30 0:31 / /sys/fs/cgroup/memory rw,nosuid shared:13 - cgroup cgroup rw,memory
35 30 0:32 / /sys/fs/cgroup/pids rw,nosuid shared:14 - cgroup cgroup rw,pids
36 30 0:33 / /sys/fs/cgroup/freezer rw,nosuid shared:15 - cgroup cgroup rw,freezer
`;
const V1_CGROUP = `12:pids:/user.slice/user-0.slice
11:freezer:/
5:memory:/user.slice
3:cpu,cpuacct:/user.slice
1:name=systemd:/user.slice/user-0.slice/session-1.scope
`;

/** Version 1 as systemd mounts it: cpu and cpuacct together, no version 2. The caller is root. */
export const comounted: MachineFixture = {
  mountinfo: V1_MOUNTS,
  selfCgroup: V1_CGROUP,
  writable: [
    '/sys/fs/cgroup/cpu,cpuacct/user.slice',
    '/sys/fs/cgroup/memory/user.slice',
    '/sys/fs/cgroup/pids/user.slice/user-0.slice',
    '/sys/fs/cgroup/freezer',
  ],
};

/** The same with an ordinary user, who may change nothing. */
export const comountedUser: MachineFixture = { ...comounted, writable: [] };

/** Hybrid as systemd makes it: version 2 without controllers, only for systemd's own book-keeping. */
export const hybrid: MachineFixture = {
  ...comounted,
  mountinfo: `${V1_MOUNTS}31 30 0:27 / /sys/fs/cgroup/unified rw,nosuid shared:10 - cgroup2 cgroup2 rw,nsdelegate\n`,
  selfCgroup: `${V1_CGROUP}0::/user.slice/user-0.slice/session-1.scope\n`,
  writable: [...comounted.writable, '/sys/fs/cgroup/unified'],
  files: { '/sys/fs/cgroup/unified/cgroup.controllers': '\n' },
};

const ROOT_MOUNT = '22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n';
const V2_MOUNTS = `${ROOT_MOUNT}29 22 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n`;
const ALL = 'cpuset cpu io memory hugetlb pids rdma misc\n';
const USER = '/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service';
const SCOPE =
  '/user.slice/user-1000.slice/user@1000.service/app.slice/app-org.gnome.Terminal.slice/vte-spawn-4f1c.scope';

/** A laptop with systemd and version 2 only; the caller is root, in a session. */
export const laptopRoot: MachineFixture = {
  mountinfo: V2_MOUNTS,
  selfCgroup: '0::/user.slice/user-0.slice/session-3.scope\n',
  writable: ['/sys/fs/cgroup', '/sys/fs/cgroup/user.slice/user-0.slice/session-3.scope'],
  files: {
    '/sys/fs/cgroup/cgroup.controllers': ALL,
    '/sys/fs/cgroup/cgroup.procs': '2\n3\n',
    '/sys/fs/cgroup/user.slice/user-0.slice/session-3.scope/cgroup.procs': '4711\n',
  },
};

/** The same laptop; the caller is an ordinary user in a terminal, below the service that systemd delegated to him. */
export const laptopUser: MachineFixture = {
  mountinfo: V2_MOUNTS,
  selfCgroup: `0::${SCOPE}\n`,
  writable: [USER, `${USER}/app.slice`, `${USER}/app.slice/app-org.gnome.Terminal.slice`, `/sys/fs/cgroup${SCOPE}`],
  files: {
    [`${USER}/cgroup.controllers`]: 'cpu memory pids\n',
    [`${USER}/app.slice/cgroup.controllers`]: 'cpu memory pids\n',
    [`${USER}/app.slice/app-org.gnome.Terminal.slice/cgroup.controllers`]: 'memory pids\n',
    [`/sys/fs/cgroup${SCOPE}/cgroup.controllers`]: 'memory pids\n',
    [`/sys/fs/cgroup${SCOPE}/cgroup.procs`]: '1234\n1300\n',
  },
};

/** The same laptop; the caller came over ssh: his session is not below the service that is delegated to him. */
export const laptopSession: MachineFixture = {
  mountinfo: V2_MOUNTS,
  selfCgroup: '0::/user.slice/user-1000.slice/session-5.scope\n',
  writable: [USER],
  files: { [`${USER}/cgroup.controllers`]: 'cpu memory pids\n' },
};

/** In a container of Docker on version 2: a cgroup namespace of its own, mounted read-only. */
export const dockerV2: MachineFixture = {
  mountinfo: `600 500 0:50 / / rw,relatime - overlay overlay rw,lowerdir=/l
610 600 0:26 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw,nsdelegate
`,
  selfCgroup: '0::/\n',
  writable: [],
  files: { '/sys/fs/cgroup/cgroup.controllers': 'cpu memory pids\n', '/sys/fs/cgroup/cgroup.procs': '1\n9\n' },
};

/** In a container that joined a cgroup namespace below the one the mount was made in. */
export const nestedNamespace: MachineFixture = {
  ...laptopRoot,
  mountinfo: `${ROOT_MOUNT}29 22 0:26 /../.. /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw\n`,
  selfCgroup: '0::/\n',
  writable: ['/sys/fs/cgroup'],
};

/** In a privileged container of Docker on version 1, without a cgroup namespace: a mount shows the container's part only. */
export const dockerV1: MachineFixture = {
  mountinfo: `600 500 0:50 / / rw,relatime - overlay overlay rw
611 600 0:31 /docker/0123abcd /sys/fs/cgroup/memory rw,nosuid - cgroup cgroup rw,memory
612 600 0:32 /docker/0123abcd /sys/fs/cgroup/pids rw,nosuid - cgroup cgroup rw,pids
613 600 0:33 /docker/0123abcd /sys/fs/cgroup/cpu,cpuacct rw,nosuid - cgroup cgroup rw,cpu,cpuacct
`,
  selfCgroup: '5:memory:/docker/0123abcd\n4:pids:/docker/0123abcd/inner\n3:cpu,cpuacct:/docker/0123abcdef\n',
  writable: ['/sys/fs/cgroup/memory', '/sys/fs/cgroup/pids/inner', '/sys/fs/cgroup/cpu,cpuacct'],
};

/** No cgroups are mounted at all. */
export const nothing: MachineFixture = { mountinfo: ROOT_MOUNT, selfCgroup: '0::/\n', writable: [] };

/** Root in a container that has its own part of version 2 writable, and lives in the top of that part. */
export const crowdedContainer: MachineFixture = {
  mountinfo: dockerV2.mountinfo.replace('cgroup ro,', 'cgroup rw,'),
  selfCgroup: '0::/\n',
  writable: ['/sys/fs/cgroup'],
  files: {
    '/sys/fs/cgroup/cgroup.controllers': 'cpu memory pids\n',
    '/sys/fs/cgroup/cgroup.events': 'populated 1\nfrozen 0\n',
    '/sys/fs/cgroup/cgroup.procs': '1\n9\n10\n11\n12\n13\n14\n',
  },
};

/** Booted with cgroup_no_v1=memory,cpu: version 1 keeps pids, version 2 has the others. The caller is root. */
export const split: MachineFixture = {
  mountinfo: `${ROOT_MOUNT}35 22 0:32 / /sys/fs/cgroup/pids rw,nosuid - cgroup cgroup rw,pids
36 22 0:27 / /sys/fs/cgroup/unified rw,nosuid - cgroup2 cgroup2 rw
`,
  selfCgroup: '12:pids:/\n0::/\n',
  writable: ['/sys/fs/cgroup/pids', '/sys/fs/cgroup/unified'],
  files: {
    '/sys/fs/cgroup/unified/cgroup.controllers': 'cpu io memory\n',
    '/sys/fs/cgroup/unified/cgroup.procs': '1\n2\n',
  },
};

const FIRST_NAMESPACE = '         0          0 4294967295\n';

/** The same machine for a caller with these capabilities (CapEff of /proc/self/status); in the first user namespace if not said. */
export function withRights(fixture: MachineFixture, capEff: string, uidMap: string = FIRST_NAMESPACE): MachineFixture {
  const status = `Name:\tnode\nCapPrm:\t${capEff}\nCapEff:\t${capEff}\nCapBnd:\t000001ffffffffff\n`;
  return { ...fixture, files: { ...fixture.files, '/proc/self/status': status, '/proc/self/uid_map': uidMap } };
}

/** The same machine for a caller with all rights. */
export const asRoot = (fixture: MachineFixture): MachineFixture => withRights(fixture, '000001ffffffffff');

/** {@link comounted}, with the other controllers too. */
export const rich: MachineFixture = {
  ...comounted,
  mountinfo: `${comounted.mountinfo}37 30 0:34 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset
38 30 0:35 / /sys/fs/cgroup/net_cls,net_prio ro - cgroup cgroup rw,net_cls,net_prio
`,
  writable: [...comounted.writable, '/sys/fs/cgroup/cpuset'],
};
