/** What a container sees of itself, by question; printed by a script inside. */
export type Sight = Record<string, string>;

/** Files that are read, where they are there. */
const FILES = [
  '/proc/self/oom_score_adj',
  '/proc/sys/kernel/hostname',
  '/proc/sys/kernel/domainname',
  '/proc/self/cgroup',
];
const SYSCTLS = ['net/ipv4/ip_forward', 'kernel/msgmax', 'fs/mqueue/msg_max', 'net/ipv4/ping_group_range'];
/** Of cgroups, below the mount of version 1. */
const LIMITS = [
  'pids/pids.max',
  'memory/memory.limit_in_bytes',
  'cpu/cpu.shares',
  'cpu/cpu.cfs_quota_us',
  'cpuset/cpuset.cpus',
  'devices/devices.list',
];

const section = (name: string, script: string): string => `echo '== ${name}'; { ${script}; } 2>&1;`;

/** The program of the containers of the tests: a script that looks at everything. */
export const PROBE: string = [
  section('ids', "grep -E '^(Uid|Gid|Groups|NoNewPrivs|Seccomp|Cap...|Umask):' /proc/self/status"),
  section('directory', 'pwd -P'),
  section('environment', "env | grep -vE '^(SHLVL|PWD|OLDPWD|_)=' | sort"),
  section('mounts', 'cat /proc/self/mountinfo'),
  section('limits', 'cat /proc/self/limits'),
  section('namespaces', 'ls -l /proc/self/ns | sed -n "s/.* \\([a-z]*\\) -> /\\1 /p"'),
  section('scheduling', "sed 's/.*) //' /proc/self/stat | cut -d' ' -f 16,17,38,39; ionice; uname -m"),
  section(
    'devices',
    'stat -c "%a %u %g %t:%T %F %N" $(find /dev /mnt ! -type d | grep -vE "^/dev/(pts|mqueue)/" | sort); stat -c "%a %u %g %n" /dev /dev/shm /full /scratch /data',
  ),
  section(
    'masks',
    'for p in $PROBE_MASKED; do echo $p $(cat $p 2>/dev/null | wc -c) $(ls $p 2>/dev/null | wc -l) $(stat -c "%F %t:%T" $p); done',
  ),
  section(
    'read-only',
    'for p in $PROBE_READ_ONLY / /scratch /data /full /tmp; do touch $p/touched 2>/dev/null && echo $p can be written && rm $p/touched; done; true',
  ),
  section('sysctls', SYSCTLS.map((name) => `echo ${name} $(cat /proc/sys/${name})`).join('; ')),
  section(
    'files',
    'ls -lnR /full | sed "s/ [A-Z][a-z][a-z] .*:[0-9][0-9] / /"; cat /data/file /file 2>/dev/null | head -3; cat /full/directory/two 2>/dev/null | wc -c',
  ),
  section('device access', 'mknod /tmp/node c 10 229 && true < /tmp/node && echo opened; rm -f /tmp/node'),
  section('cgroup', `ls /sys/fs/cgroup; ${LIMITS.map((file) => `cat /sys/fs/cgroup/${file}`).join('; ')}`),
  section('descriptors', 'ls /proc/self/fd | wc -l'),
  ...FILES.map((file) => section(file, `cat ${file}`)),
].join('\n');

/** The answers in what the probe printed. */
export function parseSight(output: string): Sight {
  const sight: Sight = {};
  for (const part of output.split(/^== /m).slice(1)) {
    const end = part.indexOf('\n');
    sight[part.slice(0, end)] = part.slice(end + 1);
  }
  return sight;
}
