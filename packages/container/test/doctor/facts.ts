import type { HostFacts } from '../../src/doctor/index.ts';

/** Recorded: root on Debian 12 with kernel 6.18 and a hybrid cgroup hierarchy. */
export const ROOT: HostFacts = {
  kernel: '6.18.44',
  distribution: 'debian',
  user: { uid: 0, gid: 0, name: 'root' },
  lackingRights: [],
  inUserNamespace: false,
  uidMap: '         0          0 4294967295\n',
  gidMap: '         0          0 4294967295\n',
  noNewPrivileges: false,
  absentCalls: [],
  namespaces: ['user', 'mount', 'pid', 'uts', 'ipc', 'network', 'cgroup', 'time'],
  agent: { ok: true, image: 'memfd' },
  rootNamespaces: { ok: true },
  userNamespace: { ok: true },
  proc: { ok: true },
  overlay: { ok: true },
  landlock: 7,
  settings: {
    maxUserNamespaces: '96364',
    unprivilegedUsernsClone: undefined,
    apparmorRestrictsUserns: undefined,
    memfdNoexec: '0',
    seccompActions: 'kill_process kill_thread trap errno user_notif trace log allow',
    lsm: 'lockdown,capability,landlock,yama,apparmor',
  },
  apparmor: { ownProfile: undefined, hasDefaultProfile: true },
  selinux: false,
  subuid: '',
  subgid: '',
  newuidmap: { path: '/usr/bin/newuidmap', privileged: true },
  newgidmap: { path: '/usr/bin/newgidmap', privileged: true },
  cgroup: {
    version: 'hybrid',
    resources: { pids: { version: 'v1' }, memory: { version: 'v1' }, cpus: { version: 'v1' } },
  },
  state: { path: '/run/coracle', refusal: undefined },
};

/** An ordinary user of a desktop with systemd, where all is well. */
export const ALICE: HostFacts = {
  ...ROOT,
  user: { uid: 1000, gid: 1000, name: 'alice' },
  rootNamespaces: undefined,
  subuid: 'alice:100000:65536\n',
  subgid: 'alice:100000:65536\n',
  cgroup: { version: 'v2', resources: { pids: { version: 'v2' }, memory: { version: 'v2' }, cpus: { version: 'v2' } } },
  state: { path: '/run/user/1000/coracle', refusal: undefined },
};
