import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { needs, Podman } from '@coracle/test-support';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { answersIn, askAll, Beside, BOTH, podmans } from './beside-podman.ts';

const MINUTE = 60_000;

/**
 * What a container is like when nothing is said, seen from inside: a line for each thing, after the table of what Docker does. Podman,
 * with Docker's capabilities, is asked the same. Where it sees something else, the line says why ours is meant.
 */
interface Line {
  /** How it is seen, in words of a shell. */
  look: string;
  /** What is to be seen. Of an ordinary user's containers another thing, if there are two. */
  seen: Expected | { root: Expected; rootless: Expected };
  /** Why podman's is another; the same if absent. */
  unlikePodman?: string | { root?: string; rootless?: string };
}
type Expected = string | RegExp;

/** Docker's 14: CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE NET_RAW SYS_CHROOT MKNOD AUDIT_WRITE SETFCAP. */
const CAPABILITIES = '00000000a80425fb';
const NONE = '0'.repeat(16);

const HIDDEN = ['acpi', 'asound', 'interrupts', 'kcore', 'keys', 'latency_stats', 'sched_debug', 'scsi', 'timer_list']
  .concat('timer_stats')
  .map((name) => `/proc/${name}`)
  .concat('/sys/devices/virtual/powercap', '/sys/firmware', '/sys/devices/system/cpu/cpu0/thermal_throttle')
  .filter((path) => existsSync(path));
const UNCHANGEABLE = ['bus', 'fs', 'irq', 'sys', 'sysrq-trigger']
  .map((name) => `/proc/${name}`)
  .filter((path) => existsSync(path));

/** The mounts at a place: their options, the type and the options of the file system. */
const mountAt = (place: string): string =>
  `{ while read -r _ _ _ _ at options rest; do
    [ "$at" = ${place} ] && set -- ${'$'}{rest#*- } && echo $options $1 $3
  done < /proc/self/mountinfo; true; }`;

/** Docker's rules, by which a program opens nodes that it makes: character devices first, with their numbers. */
const LET_THROUGH = ['c-1:3', 'c-1:5', 'c-1:7', 'c-1:8', 'c-1:9', 'c-5:0', 'c-5:2', 'c-136:0'];
const CONSOLE = 'c-5:1';
const REFUSED = ['c-1:1', 'c-1:4', 'c-1:11', 'c-4:1', CONSOLE, 'c-10:200', 'c-10:229', 'c-10:232', 'c-10:237'].concat(
  ...['b-7:0', 'b-8:0', 'b-254:0'],
);
const TRY_NODES = `cd /dev; for one in ${[...LET_THROUGH, ...REFUSED].join(' ')}; do
  mknod -m 666 probe $(echo $one | tr :- '  ') 2> /dev/null || { echo $one not made; continue; }
  case $(sh -c ': < probe' 2>&1) in *not?permitted*) echo $one refused;; *) echo $one let through;; esac
  rm probe
done`;
const lines = (names: readonly string[], what: string): string => names.map((name) => `${name} ${what}\n`).join('');

const TABLE: Readonly<Record<string, Line>> = {
  'the five sets of capabilities': {
    look: 'grep ^Cap /proc/self/status',
    seen: `CapInh:\t${NONE}\nCapPrm:\t${CAPABILITIES}\nCapEff:\t${CAPABILITIES}\nCapBnd:\t${CAPABILITIES}\nCapAmb:\t${NONE}`,
  },
  'no new privileges': {
    look: 'grep NoNewPrivs /proc/self/status',
    seen: 'NoNewPrivs:\t1',
    unlikePodman: 'it and Docker let set-user-id programs gain rights if nothing is said',
  },
  'one filter of system calls': { look: 'grep ^Seccomp /proc/self/status', seen: 'Seccomp:\t2\nSeccomp_filters:\t1' },
  'user, group and no further groups': {
    look: 'grep -E "^(Uid|Gid|Groups)" /proc/self/status | tr -s "\\t " " " | sed "s/ $//"',
    seen: 'Uid: 0 0 0 0\nGid: 0 0 0 0\nGroups:',
  },
  'signals: none blocked or ignored': {
    look: 'cat /proc/1/status | grep -E "^Sig(Blk|Ign)"',
    seen: `SigBlk:\t${NONE}\nSigIgn:\t${NONE}`,
  },
  'umask and working directory': { look: 'umask; pwd', seen: '0022\n/' },
  'a session of its own': { look: 'cut -d" " -f6 /proc/1/stat', seen: '1' },
  'no descriptor but input and output': { look: 'ls /proc/1/fd', seen: '0\n1\n2' },
  PATH: { look: 'echo $PATH', seen: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
  'a hostname of twelve digits of the id': { look: 'hostname', seen: /^[0-9a-f]{12}$/ },
  'hidden paths, of which nothing is read': {
    look: `for p in ${HIDDEN.join(' ')}; do echo $p $(cat $p 2> /dev/null | wc -c) $(ls -A $p 2> /dev/null | grep -vc "^$p$"); done`,
    seen: lines(HIDDEN, '0 0').trimEnd(),
    unlikePodman: 'this version of it shows the interrupts, by which the keys that are struck can be counted',
  },
  'paths that cannot be written, and are mounts for it': {
    look: `for p in ${UNCHANGEABLE.join(' ')}; do echo $p $(grep -c " $p ro," /proc/self/mountinfo); done`,
    seen: lines(UNCHANGEABLE, '1').trimEnd(),
  },
  '/proc': { look: mountAt('/proc'), seen: 'rw,nosuid,nodev,noexec,relatime proc rw' },
  '/dev': {
    look: `${mountAt('/dev')} | sed s/,inode64//`,
    seen: {
      root: 'rw,nosuid tmpfs rw,size=65536k,mode=755',
      rootless: /^rw,nosuid tmpfs rw,size=65536k,mode=755,uid=\d+,gid=\d+$/,
    },
    unlikePodman: 'nothing is executed in its /dev; in that of Docker and runc it can be',
  },
  '/dev/pts': {
    look: mountAt('/dev/pts'),
    // As the host sees it: group 5 of an ordinary user's container is the fifth of his ids.
    seen: {
      root: 'rw,nosuid,noexec,relatime devpts rw,gid=5,mode=620,ptmxmode=666',
      rootless: 'rw,nosuid,noexec,relatime devpts rw,gid=900004,mode=620,ptmxmode=666',
    },
  },
  '/dev/mqueue': { look: mountAt('/dev/mqueue'), seen: 'rw,nosuid,nodev,noexec,relatime mqueue rw' },
  '/dev/shm': {
    look: `${mountAt('/dev/shm')} | sed -E 's/,(inode64|[ug]id=[0-9]+)//g'`,
    seen: 'rw,nosuid,nodev,noexec,relatime tmpfs rw,size=65536k',
    unlikePodman: 'its 64 MB are 64,000 KiB; Docker has 64 MiB',
  },
  '/sys': {
    look: mountAt('/sys'),
    seen: 'ro,nosuid,nodev,noexec,relatime sysfs rw',
    unlikePodman: 'runc makes the file system itself read-only; the mount is, and nobody inside can change a mount',
  },
  'its limits, and that it can’t change them': {
    look: 'cd /sys/fs/cgroup; cat pids.max pids/pids.max 2> /dev/null; cd pids 2> /dev/null; mkdir x 2> /dev/null && rmdir x && echo changed; true',
    // With version 1 an ordinary user's containers have no groups, and see none.
    seen: { root: '2048', rootless: /^(2048)?$/ },
  },
  'the devices of /dev': {
    look: 'cd /dev; for f in *; do test -h $f || stat -c "%n %F %t:%T %a" $f; done',
    seen: [
      ...['full character special file 1:7 666', 'mqueue directory 0:0 1777', 'null character special file 1:3 666'],
      ...['pts directory 0:0 755', 'random character special file 1:8 666', 'shm directory 0:0 1777'],
      ...['tty character special file 5:0 666', 'urandom character special file 1:9 666'],
      'zero character special file 1:5 666',
    ].join('\n'),
  },
  'the links of /dev': {
    look: 'cd /dev; for f in *; do test -h $f && echo $f $(readlink $f); done; true',
    seen: [
      ...['core /proc/kcore', 'fd /proc/self/fd', 'ptmx pts/ptmx', 'stderr /proc/self/fd/2'],
      ...['stdin /proc/self/fd/0', 'stdout /proc/self/fd/1'],
    ].join('\n'),
    unlikePodman: 'Docker has a link to the memory of the kernel, which is hidden; podman where the kernel has that',
  },
  'device nodes that a program makes': {
    look: TRY_NODES,
    seen: {
      root: (lines(LET_THROUGH, 'let through') + lines(REFUSED, 'refused')).trimEnd(),
      rootless: lines([...LET_THROUGH, ...REFUSED], 'not made').trimEnd(),
    },
    unlikePodman: {
      root: 'the console of its number is the host’s: a container has a terminal of its own there',
    },
  },
  'settings of the kernel': {
    look: 'cd /proc/sys/net/ipv4; cat ip_unprivileged_port_start; tr "\\t" " " < ping_group_range',
    seen: { root: '0\n0 2147483647', rootless: '0\n65534 65534' },
    unlikePodman: 'as Docker has it; podman lets only root ping, and keeps ports below 1024 to it',
  },
  'its own group is the topmost': {
    look: 'cut -d: -f3 /proc/self/cgroup | sort -u',
    seen: '/',
    unlikePodman: 'with version 1 it leaves the namespace of cgroups to the host',
  },
};

const NAMESPACES = readdirSync('/proc/self/ns').filter((name) => !name.endsWith('_for_children'));
const LOOKS = {
  ...Object.fromEntries(Object.entries(TABLE).map(([what, { look }]) => [what, look])),
  namespaces: `cd /proc/self/ns; for n in ${NAMESPACES.join(' ')}; do readlink $n; done`,
};

function of<Value>(both: { root: Value; rootless: Value } | Value, rootless: boolean): Value {
  const isBoth = typeof both === 'object' && both !== null && 'root' in both;
  return isBoth ? both[rootless ? 'rootless' : 'root'] : (both as Value);
}

for (const { who, rootless, needed } of BOTH)
  needs.describe(...needed)(`when nothing is said, in a container of ${who}`, () => {
    const it = needs.test();
    let beside: Beside;
    let ofRootfs: Map<string, string>;
    let ofHostRoot: Map<string, string>;
    let ofPodman: Map<string, string>;

    beforeAll(() => {
      beside = new Beside();
      const script = askAll(LOOKS);
      using podman = new Podman({ rootless, shown: [] });
      ofPodman = answersIn(podmans(podman, ['--cap-add', 'MKNOD,NET_RAW,AUDIT_WRITE'], script));
      const rootfs = ['--rootfs', podman.rootfs, ...podman.volumes];
      ofRootfs = answersIn(beside.ours([...rootfs, 'sh', '-c', script], { rootless }));
      ofHostRoot = answersIn(beside.ours(['sh', '-c', script], { rootless }));
    }, MINUTE);
    afterAll(() => beside?.[Symbol.dispose]());

    for (const [what, { seen, unlikePodman }] of Object.entries(TABLE))
      it(what, () => {
        const expected = of(seen, rootless);
        for (const ours of [ofRootfs, ofHostRoot].map((answers) => answers.get(what)))
          expect(ours).toEqual(typeof expected === 'string' ? expected : expect.stringMatching(expected));
        const reason = typeof unlikePodman === 'object' ? unlikePodman[rootless ? 'rootless' : 'root'] : unlikePodman;
        // A reason that is none any more has to go.
        if (reason !== undefined) expect(ofPodman.get(what)).not.toEqual(ofRootfs.get(what));
        else if (typeof expected === 'string') expect(ofPodman.get(what)).toBe(expected);
        else expect(ofPodman.get(what)).toMatch(expected);
      });

    it('every namespace is its own', () => {
      const shared = (answers: Map<string, string>): string[] =>
        NAMESPACES.filter((name) => answers.get('namespaces')?.includes(readlinkSync(`/proc/self/ns/${name}`)));
      const user = rootless ? [] : ['user'];
      expect([shared(ofRootfs), shared(ofHostRoot)]).toEqual([user, user]);
      // Podman's here is of before there were new namespaces of time, and leaves that of version 1's cgroups.
      expect(['cgroup', 'time', 'user']).toEqual(expect.arrayContaining(shared(ofPodman)));
    });
  });
