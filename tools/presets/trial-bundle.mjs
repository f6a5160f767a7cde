import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** In a bundle: its process alone, as `exec --process` takes it. */
export const PROCESS_FILE = 'process.json';

const NAMESPACES = ['pid', 'network', 'ipc', 'uts', 'mount'];
const CAPABILITIES = ['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_KILL', 'CAP_SETUID', 'CAP_NET_BIND_SERVICE'];

/**
 * Makes a bundle of all that engines write into nearly each: so all of it is ready in a command that was tried out with it.
 * @param {string} directory of which it becomes a part
 * @param {string} name of it there
 * @param {{ args: string[], uid: number | undefined, seesHost?: boolean, terminal?: boolean }} what its program; whose it is, root's if
 *   `undefined`; whether it has the host's cgroup namespace, as on version 1 of cgroups, and a group that the runtime names; and whether it
 *   has a terminal
 * @returns {string} its path
 */
export function trialBundle(directory, name, { args, uid, seesHost = false, terminal = false }) {
  const bundle = join(directory, name);
  mkdirSync(bundle);
  const program = {
    terminal,
    user: { uid: 0, gid: 0, umask: 0o22 },
    args,
    env: ['PATH=/usr/bin:/bin', 'HOSTNAME=box'],
    cwd: '/',
    capabilities: { bounding: CAPABILITIES, effective: CAPABILITIES, permitted: CAPABILITIES },
    rlimits: [{ type: 'RLIMIT_NOFILE', hard: 256, soft: 256 }],
    noNewPrivileges: true,
  };
  if (uid === undefined) {
    program.user.additionalGids = [0, 1];
    program.oomScoreAdj = Number(readFileSync('/proc/self/oom_score_adj', 'latin1'));
  }
  const config = {
    ociVersion: '1.1.0',
    process: program,
    root: { path: '/', readonly: true },
    hostname: 'box',
    mounts: mounts({ directory, bundle }),
    annotations: { 'org.example.trial': 'true' },
    linux: {
      namespaces: [...NAMESPACES, ...(seesHost ? [] : ['cgroup'])].map((type) => ({ type })),
      ...(seesHost || uid !== undefined ? {} : { cgroupsPath: `/coracle-trial-${process.pid}` }),
      seccomp: seccomp(),
      maskedPaths: ['/proc/keys', '/proc/kcore', '/proc/acpi', '/sys/firmware'],
      readonlyPaths: ['/proc/sys'],
      sysctl: { 'net.ipv4.ping_group_range': '0 0' },
    },
  };
  Object.assign(config.linux, uid === undefined ? limits() : ids(uid, config.linux));
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(config));
  writeFileSync(join(bundle, PROCESS_FILE), JSON.stringify(program));
  return bundle;
}

function limits() {
  return {
    resources: {
      devices: [
        { allow: false, access: 'rwm' },
        { allow: true, type: 'c', major: 1, minor: 3, access: 'rwm' },
      ],
      memory: { limit: 268_435_456 },
      cpu: { shares: 512, quota: 50_000, period: 100_000 },
      pids: { limit: 20 },
    },
  };
}

function ids(uid, { namespaces }) {
  const mapping = [{ containerID: 0, hostID: uid, size: 1 }];
  return { namespaces: [{ type: 'user' }, ...namespaces], uidMappings: mapping, gidMappings: mapping };
}

function mounts({ directory, bundle }) {
  const strict = ['nosuid', 'noexec', 'nodev'];
  const copied = join(bundle, 'copied');
  mkdirSync(copied);
  writeFileSync(join(copied, 'file'), '');
  const of = (destination, type, options) => ({ destination, type, source: type, options });
  const bind = (source, destination, options) => ({ destination, type: 'bind', source, options });
  return [
    of('/proc', 'proc', strict),
    of('/dev', 'tmpfs', ['nosuid', 'strictatime', 'mode=755', 'size=65536k']),
    of('/dev/pts', 'devpts', ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620']),
    of('/sys', 'sysfs', [...strict, 'ro']),
    of('/sys/fs/cgroup', 'cgroup', [...strict, 'ro']),
    of('/dev/mqueue', 'mqueue', strict),
    of('/dev/shm', 'tmpfs', [...strict, 'mode=1777', 'size=65536k']),
    of('/run', 'tmpfs', [...strict, 'mode=755']),
    of(copied, 'tmpfs', [...strict, 'mode=755', 'tmpcopyup']), // before something is put above it
    bind(directory, '/tmp', ['rbind', 'rprivate', 'ro', 'nodev']),
    bind(join(bundle, PROCESS_FILE), '/run/file', ['bind', 'rprivate']),
  ];
}

const CLONE_NEWUSER = 0x10000000;

/** The kinds of rules that the usual profile has. */
function seccomp() {
  const kinds = process.arch === 'x64' ? ['X86_64', 'X86', 'X32'] : ['AARCH64', 'ARM'];
  // What is allowed by default is not looked at in rules that allow it.
  const argument = (name, arg) => ({ names: [name], action: 'SCMP_ACT_ERRNO', args: [{ index: 0, ...arg }] });
  return {
    defaultAction: 'SCMP_ACT_ALLOW',
    architectures: kinds.map((kind) => `SCMP_ARCH_${kind}`),
    syscalls: [
      { names: ['swapon', 'kexec_load'], action: 'SCMP_ACT_ERRNO', errnoRet: 1 },
      argument('personality', { value: 0x0020000, op: 'SCMP_CMP_EQ' }),
      argument('clone', { value: CLONE_NEWUSER, valueTwo: CLONE_NEWUSER, op: 'SCMP_CMP_MASKED_EQ' }),
      argument('socket', { value: 44, op: 'SCMP_CMP_GT' }),
    ],
  };
}
