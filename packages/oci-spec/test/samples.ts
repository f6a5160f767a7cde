/** Configurations in the manner of the programs that write them for a runtime: what must pass for them to run unchanged. */
export const samples: Readonly<Record<string, unknown>> = {
  'the least that is a configuration': { ociVersion: '1.0.0', root: { path: 'rootfs' } },

  'the least that can be started': {
    ociVersion: '1.0.2-dev',
    root: { path: '/srv/box' },
    process: { cwd: '/', args: ['true'], user: { uid: 0, gid: 0 } },
  },

  'a container of containerd for Kubernetes': {
    ociVersion: '1.2.1',
    process: {
      user: { uid: 101, gid: 101, additionalGids: [101] },
      args: ['/server', '--port=8080'],
      env: ['PATH=/usr/bin:/bin', 'HOSTNAME=web-0', 'KUBERNETES_PORT=tcp://10.96.0.1:443', 'EMPTY='],
      cwd: '/app',
      capabilities: { bounding: ['CAP_CHOWN'], effective: ['CAP_CHOWN'], permitted: ['CAP_CHOWN'] },
      apparmorProfile: 'cri-containerd.apparmor.d',
      oomScoreAdj: 997,
    },
    root: { path: 'rootfs' },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
      { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['nosuid', 'relatime', 'ro'] },
      {
        destination: '/etc/hosts',
        type: 'bind',
        source: '/var/lib/pods/1/hosts',
        options: ['rbind', 'rprivate', 'rw'],
      },
      {
        destination: '/data',
        type: 'bind',
        source: '/srv/data',
        options: ['rbind', 'rprivate', 'rw', 'ridmap'],
        uidMappings: [{ containerID: 0, hostID: 65536, size: 65536 }],
        gidMappings: [{ containerID: 0, hostID: 65536, size: 65536 }],
      },
    ],
    annotations: { 'io.kubernetes.cri.container-type': 'container', 'io.kubernetes.cri.sandbox-id': '0a1b' },
    linux: {
      resources: {
        devices: [{ allow: false, access: 'rwm' }],
        memory: { limit: 134217728, swap: 134217728 },
        cpu: { shares: 102, quota: 50000, period: 100000 },
        pids: {},
        unified: { 'memory.oom.group': '1' },
      },
      cgroupsPath: 'kubepods-burstable-pod1.slice:cri-containerd:0a1b',
      namespaces: [
        { type: 'pid' },
        { type: 'ipc', path: '/proc/4242/ns/ipc' },
        { type: 'uts', path: '/proc/4242/ns/uts' },
        { type: 'mount' },
        { type: 'network', path: '/var/run/netns/cni-1' },
      ],
      maskedPaths: ['/proc/kcore'],
      readonlyPaths: ['/proc/sys'],
    },
  },

  'a container of Podman without root': {
    ociVersion: '1.1.0+dev',
    process: {
      terminal: true,
      consoleSize: { height: 0, width: 0 },
      user: { uid: 0, gid: 0, umask: 18 },
      args: ['bash'],
      env: ['TERM=xterm', 'container=podman'],
      cwd: '/',
      rlimits: [{ type: 'RLIMIT_NPROC', hard: 4194304, soft: 4194304 }],
    },
    root: { path: '/home/me/.local/share/containers/storage/overlay/1/merged' },
    hostname: '0a1b2c3d4e5f',
    mounts: [
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755', 'size=65536k'] },
      { destination: '/run/.containerenv', type: 'bind', source: '/run/user/1/env', options: ['bind', 'rprivate'] },
    ],
    hooks: { poststop: [{ path: '/usr/bin/podman', args: ['podman', 'container', 'cleanup'], timeout: 30 }] },
    annotations: { 'io.podman.annotations.autoremove': 'FALSE', 'org.opencontainers.image.stopSignal': '15' },
    linux: {
      uidMappings: [
        { containerID: 0, hostID: 0, size: 1 },
        { containerID: 1, hostID: 1, size: 65536 },
      ],
      gidMappings: [{ containerID: 0, hostID: 0, size: 65537 }],
      sysctl: { 'net.ipv4.ping_group_range': '0 0', 'fs.mqueue.msg_max': '20', 'kernel.shmmax': '65536' },
      namespaces: [
        { type: 'pid' },
        { type: 'network', path: '/run/user/1000/netns/netns-1' },
        { type: 'ipc' },
        { type: 'uts' },
        { type: 'mount' },
        { type: 'user' },
        { type: 'cgroup' },
      ],
      devices: [{ path: '/dev/fuse', type: 'c', major: 10, minor: 229, fileMode: 0o20666, uid: 0, gid: 0 }],
      seccomp: {
        defaultAction: 'SCMP_ACT_ERRNO',
        defaultErrnoRet: 38,
        architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
        syscalls: [
          { names: ['read', 'write'], action: 'SCMP_ACT_ALLOW' },
          {
            names: ['personality'],
            action: 'SCMP_ACT_ALLOW',
            args: [{ index: 0, value: 4294967295, op: 'SCMP_CMP_EQ' }],
          },
          { names: ['bdflush'], action: 'SCMP_ACT_ERRNO', errnoRet: 1 },
        ],
      },
    },
  },

  'a container of Docker': {
    ociVersion: '1.2.0',
    process: {
      user: { uid: 0, gid: 0, additionalGids: [0, 10] },
      args: ['sh'],
      cwd: '/',
      rlimits: [{ type: 'RLIMIT_CORE', hard: 2 ** 64, soft: 2 ** 64 }],
      oomScoreAdj: 0,
    },
    root: { path: '/var/lib/docker/rootfs/overlayfs/1' },
    hostname: 'web',
    domainname: 'example.org',
    hooks: { prestart: [{ path: '/proc/900/exe', args: ['libnetwork-setkey', '-exec-root=/var/run/docker', '1'] }] },
    linux: {
      sysctl: { 'net.ipv4.ip_unprivileged_port_start': '0' },
      resources: {
        devices: [
          { allow: false, access: 'rwm' },
          { allow: true, type: 'c', major: 1, minor: 5, access: 'rwm' },
          { allow: true, type: 'c', major: 136, minor: -1, access: 'rwm' },
        ],
        memory: { disableOOMKiller: false },
        cpu: { shares: 0 },
        pids: { limit: 0 },
        blockIO: { weight: 0 },
      },
      cgroupsPath: 'system.slice:docker:1',
      namespaces: [{ type: 'mount' }, { type: 'network' }, { type: 'uts' }, { type: 'pid' }, { type: 'ipc' }],
      rootfsPropagation: 'rprivate',
    },
  },
};
