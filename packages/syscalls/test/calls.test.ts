import * as calls from '@coracle/syscalls';
import {
  BPF,
  BPF_ATTACH_TYPE,
  BPF_F,
  BPF_PROG_TYPE,
  bpfProgAttach,
  bpfProgLoad,
  CLONE,
  FSCONFIG,
  flags,
  MNT,
  MOUNT_ATTR,
  OPEN,
  output,
  PR,
  RESOLVE,
  RLIMIT,
  renderStep,
  resultOf,
  S,
  SECCOMP_FILTER,
  type Step,
} from '@coracle/syscalls';
import { expect, test } from '@jest/globals';

const why = 'test';
const fd = resultOf('fd');
const readOnly = flags(MOUNT_ATTR, 'MOUNT_ATTR_RDONLY');

/** Each builder with all defaults, and with all parts that may be given; the text has the order of the man page. */
const SHOWN: [Step, string][] = [
  [calls.mount({ source: null, target: '/t' }, why), 'mount(NULL, "/t", NULL, 0, NULL)'],
  [
    calls.mount({ source: 's', target: '/t', type: 'tmpfs', flags: 1, data: 'size=1m' }, why),
    'mount("s", "/t", "tmpfs", 1, "size=1m")',
  ],
  [calls.umount2({ target: '/t' }, why), 'umount2("/t", 0)'],
  [calls.umount2({ target: '.', flags: flags(MNT, 'MNT_DETACH') }, why), 'umount2(".", MNT_DETACH)'],
  [calls.pivotRoot({ newRoot: '/new', putOld: '/old' }, why), 'pivot_root("/new", "/old")'],
  [calls.chroot('/t', why), 'chroot("/t")'],
  [calls.chdir('/t', why), 'chdir("/t")'],
  [calls.fchdir(fd, why), 'fchdir(<fd>)'],
  [calls.fsopen('proc', why), 'fsopen("proc", FSOPEN_CLOEXEC)'],
  [
    calls.fsconfig({ fs: fd, command: flags(FSCONFIG, 'FSCONFIG_SET_STRING'), key: 'k', value: 'v' }, why),
    'fsconfig(<fd>, FSCONFIG_SET_STRING, "k", "v", 0)',
  ],
  [calls.fsconfig({ fs: 3, command: 6 }, why), 'fsconfig(3, 6, NULL, NULL, 0)'],
  [calls.fsconfig({ fs: 3, command: 5, key: 'fd', aux: fd }, why), 'fsconfig(3, 5, "fd", NULL, <fd>)'],
  [calls.fsmount({ fs: fd }, why), 'fsmount(<fd>, FSMOUNT_CLOEXEC, 0)'],
  [calls.fsmount({ fs: fd, attributes: readOnly }, why), 'fsmount(<fd>, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY)'],
  [calls.openTree({ path: '/t', flags: 1 }, why), 'open_tree(AT_FDCWD, "/t", 1)'],
  [calls.moveMount({ from: fd, flags: 4 }, why), 'move_mount(<fd>, "", AT_FDCWD, "", 4)'],
  [calls.moveMount({ from: fd, fromPath: 'a', to: 5, toPath: 'b', flags: 0 }, why), 'move_mount(<fd>, "a", 5, "b", 0)'],
  [
    calls.mountSetattr({ mount: fd, flags: 0x1000, set: readOnly, propagation: 0x40000 }, why),
    'mount_setattr(<fd>, "", 4096, {set: MOUNT_ATTR_RDONLY, propagation: 262144}, 32)',
  ],
  [
    calls.openat2({ dir: fd, path: 'p', flags: 0, resolve: flags(RESOLVE, 'RESOLVE_IN_ROOT') }, why),
    'openat2(<fd>, "p", {flags: 0, resolve: RESOLVE_IN_ROOT}, 24)',
  ],
  [calls.openat({ path: 'p', flags: flags(OPEN, 'O_RDWR') }, why), 'openat(AT_FDCWD, "p", O_RDWR, 0)'],
  [calls.openat({ path: 'p', flags: 0x41, mode: 0o640 }, why), 'openat(AT_FDCWD, "p", 65, 0640)'],
  [calls.close(7, why), 'close(7)'],
  [calls.closeRange({ first: 3 }, why), 'close_range(3, 4294967295, 0)'],
  [calls.closeRange({ first: 3, last: 9, flags: 4 }, why), 'close_range(3, 9, 4)'],
  [calls.dup3({ from: fd, to: 0 }, why), 'dup3(<fd>, 0, 0)'],
  [calls.write({ fd, data: 'é' }, why), 'write(<fd>, "é", 2)'],
  [calls.write({ fd, data: new Uint8Array(3) }, why), 'write(<fd>, 3 bytes, 3)'],
  [calls.write({ fd, data: 'x'.repeat(500) }, why), 'write(<fd>, 500 bytes, 500)'],
  [calls.sendfile({ from: 7, to: fd, length: 16 }, why), 'sendfile(<fd>, 7, 0, 16)'],
  [calls.read({ fd, into: output('text', 64) }, why), 'read(<fd>, &text, 64)'],
  [calls.mkdirat({ path: 'p' }, why), 'mkdirat(AT_FDCWD, "p", 0755)'],
  [calls.mkdirat({ dir: fd, path: 'p', mode: 0o1777 }, why), 'mkdirat(<fd>, "p", 01777)'],
  [
    calls.mknodat({ path: 'null', mode: S.S_IFCHR | 0o666, device: calls.deviceNumber(1, 3) }, why),
    'mknodat(AT_FDCWD, "null", 020666, 259)',
  ],
  [calls.statx({ path: 'p', into: output('stat', 256) }, why), 'statx(AT_FDCWD, "p", 0, 2047, &stat)'],
  [calls.statx({ dir: fd, flags: 0x1000, into: output('stat', 256) }, why), 'statx(<fd>, "", 4096, 2047, &stat)'],
  [
    calls.futex({ word: { ...output('stat', 256), at: 128 }, expected: 1 }, why),
    'futex(&stat[128], FUTEX_CMP_REQUEUE|FUTEX_PRIVATE_FLAG, 0, 0, &stat[128], 1)',
  ],
  [calls.symlinkat({ target: 't', dir: fd, path: 'p' }, why), 'symlinkat("t", <fd>, "p")'],
  [calls.unlinkat({ path: 'p' }, why), 'unlinkat(AT_FDCWD, "p", 0)'],
  [calls.fchownat({ dir: fd, path: '', uid: 0, gid: 5, flags: 0x1000 }, why), 'fchownat(<fd>, "", 0, 5, 4096)'],
  [calls.sethostname('zürich', why), 'sethostname("zürich", 7)'],
  [calls.setdomainname('d', why), 'setdomainname("d", 1)'],
  [calls.unshare(flags(CLONE, 'CLONE_NEWUTS'), why), 'unshare(CLONE_NEWUTS)'],
  [calls.setns({ fd }, why), 'setns(<fd>, 0)'],
  [
    calls.clone3({ flags: flags(CLONE, 'CLONE_INTO_CGROUP'), cgroup: 9 }, why),
    'clone3({flags: CLONE_INTO_CGROUP, cgroup: 9}, 88)',
  ],
  [calls.execve({ path: '/p', argv: ['p', 'a b'], env: ['A=1'] }, why), 'execve("/p", ["p", "a b"], ["A=1"])'],
  [calls.prctl(flags(PR, 'PR_SET_NO_NEW_PRIVS'), [1, 0, 0, 0], why), 'prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)'],
  [
    calls.capset({ effective: 1n, permitted: 0x1ffffffffffn, inheritable: 0n }, why),
    'capset({version: 3}, {effective: 0x1, permitted: 0x1ffffffffff, inheritable: 0x0})',
  ],
  [
    calls.seccomp({ instructions: new Uint8Array(16), flags: flags(SECCOMP_FILTER, 'SECCOMP_FILTER_FLAG_LOG') }, why),
    'seccomp(1, SECCOMP_FILTER_FLAG_LOG, {2 instructions})',
  ],
  [
    calls.bpf(
      {
        command: flags(BPF, 'BPF_PROG_LOAD'),
        attr: bpfProgLoad({
          type: flags(BPF_PROG_TYPE, 'BPF_PROG_TYPE_CGROUP_DEVICE'),
          instructions: new Uint8Array(16),
          license: 'Apache-2.0',
        }),
      },
      why,
    ),
    'bpf(BPF_PROG_LOAD, {type: BPF_PROG_TYPE_CGROUP_DEVICE, 2 instructions}, 64)',
  ],
  [
    calls.bpf(
      {
        command: flags(BPF, 'BPF_PROG_ATTACH'),
        attr: bpfProgAttach({
          target: 40,
          program: 43,
          type: flags(BPF_ATTACH_TYPE, 'BPF_CGROUP_DEVICE'),
          flags: flags(BPF_F, 'BPF_F_ALLOW_MULTI'),
        }),
      },
      why,
    ),
    'bpf(BPF_PROG_ATTACH, {target: 40, program: 43, type: BPF_CGROUP_DEVICE, flags: BPF_F_ALLOW_MULTI}, 16)',
  ],
  [
    calls.prlimit64({ resource: flags(RLIMIT, 'RLIMIT_NOFILE'), soft: 1024, hard: 'max' }, why),
    'prlimit64(0, RLIMIT_NOFILE, {soft: 1024, hard: max}, NULL)',
  ],
  [calls.setgroups([5, 10], why), 'setgroups(2, [5, 10])'],
  [calls.setgroups([], why), 'setgroups(0, [])'],
  [calls.setresgid(5, why), 'setresgid(5, 5, 5)'],
  [calls.setresuid(1000, why), 'setresuid(1000, 1000, 1000)'],
  [calls.umask(0o22, why), 'umask(022)'],
  [calls.ioctl({ fd, request: 0x5401 }, why), 'ioctl(<fd>, 21505, 0)'],
  [calls.ioctl({ fd, request: 0x5401, arg: output('settings', 60) }, why), 'ioctl(<fd>, 21505, &settings)'],
];

test.each(SHOWN.map(([step, text]) => [text, step] as const))('%s', (text, step) => {
  expect(renderStep(step)).toBe(text);
  expect(step.why).toBe('test');
});

test('a builder takes the whole purpose of a step', () => {
  const purpose = { why: 'make it', result: 'x', tolerate: ['EEXIST' as const], only: 'child' as const };
  expect(calls.chdir('/', purpose)).toEqual({ syscall: 'chdir', args: ['/'], ...purpose });
});

test('a builder takes the groups as 32-bit numbers, one behind the other', () => {
  const [, list] = calls.setgroups([5, 0x01020304], why).args;
  expect(list).toMatchObject({ bytes: Uint8Array.of(5, 0, 0, 0, 4, 3, 2, 1) });
});

test('every builder of a step is in the list above', () => {
  const shown = new Set<string>(SHOWN.map(([step]) => step.syscall.replaceAll('_', '')));
  const builders = Object.entries(calls)
    .filter(([, value]) => typeof value === 'function' && /purpose/.test(value.toString()))
    .map(([name]) => name.toLowerCase())
    .filter((name) => name !== 'step');
  expect(builders.length).toBeGreaterThan(30);
  expect(builders.filter((name) => !shown.has(name))).toEqual([]);
});
