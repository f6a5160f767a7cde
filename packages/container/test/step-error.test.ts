import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errnoNumber } from '@coracle/errors';
import { mkdirat, openat, resultOf, step, write } from '@coracle/syscalls';
import { describe, expect, test } from '@jest/globals';
import { stepError } from '../src/step-error.ts';

describe('a refused step is explained by its purpose', () => {
  test.each([
    [
      'make the first process',
      'clone3',
      'ENOSYS',
      'start the container around this with --security-opt seccomp=unconfined',
    ],
    ['record the container', 'write', 'ENOSPC', 'df -h and df -i'],
    ['record the container', 'mkdirat', 'EROFS', 'set XDG_RUNTIME_DIR'],
    ['watch the container', 'pidfd_open', 'ENOSYS', 'a filter of system calls hides it'],
    ['start in /usr/new', 'openat2', 'ENOENT', 'use a root that can be written'],
    ['start in /proc/1/root', 'openat2', 'ELOOP', 'do not trust it'],
    ['mount a tmpfs on /x', 'fsconfig', 'EINVAL', 'does the container have the user'],
    ['stand in the new root', 'fchdir', 'EACCES', 'is closed to the user'],
    ['write /etc/hostname', 'openat2', 'EPERM', 'chattr -i'],
    ['be ended with a score of -9 when memory runs out', 'write', 'EACCES', 'CAP_SYS_RESOURCE'],
    ['be scheduled by SCHED_DEADLINE', 'sched_setattr', 'EPERM', 'and all CPUs'],
    ['be scheduled by SCHED_FIFO', 'sched_setattr', 'EPERM', 'linux.resources.cpu.realtimeRuntime'],
    ['limit nofile', 'prlimit64', 'EPERM', "the caller's own hard limit"],
    ['enter the namespaces of the container (user, mount)', 'setns', 'EPERM', 'once it has started'],
    ['give the container message queues of its own', 'fsconfig', 'EPERM', 'an ipc namespace of its own'],
    ["let the hook begin at the container's files", 'openat', 'EACCES', 'need CAP_SYS_PTRACE'],
    ['become user 70000, group 0', 'setresuid', 'EINVAL', 'has no such id'],
    ['make /dev/null', 'mknodat', 'EPERM', 'run with --userns '],
    ['let programs of the container talk over 127.0.0.1', 'ioctl', 'EPERM', 'NET_ADMIN'],
    ["make the container's processes visible to ps", 'fsconfig', 'EINVAL', 'hidepid'],
    ["make the container's processes visible to ps", 'openat2', 'ELOOP', 'symbolic link'],
    ['hide /proc/self/exe', 'openat2', 'ELOOP', 'one that is no path'],
    ['forbid changes to /proc/1/root', 'openat2', 'ELOOP', 'name the place that it leads to'],
    ['run an init that hands on signals', 'clone3', 'EAGAIN', 'raise --pids-limit'],
    ['make the first process', 'clone3', 'EAGAIN', 'ulimit -u'],
    ['set net.ipv4.ip_forward to zz', 'write', 'EINVAL', 'its values are others'],
    ['set net.no_such to 1', 'openat2', 'ENOENT', 'no such setting'],
    ['set net.core.rmem_max to 1', 'openat2', 'EACCES', "the whole host's"],
    ['bring in /etc/passwd as /etc', 'move_mount', 'EINVAL', 'a file cannot be mounted on a directory'],
    ['give the program a terminal', 'openat', 'ENOENT', 'a mount of type devpts at /dev/pts'],
    ['start in /proc/new', 'mkdirat', 'ENOENT', 'nothing can be made there'],
    ['make sure that /dev/null of the host is the null device', 'futex', 'EAGAIN', 'mknod -m 666 /dev/null c 1 3'],
  ] as const)('%s: %s %s', (why, syscall, code, hint) => {
    expect(stepError({ step: step(syscall, [], { why }), errno: errnoNumber(code) }).hint).toContain(hint);
  });

  test.each([
    [65537, 'a process can have 65536 at most'],
    [65536, 'has no such id'],
  ])('become user 1, group 1: setgroups with %i groups', (count, hint) => {
    const refused = step('setgroups', [count], { why: 'become user 1, group 1' });
    expect(stepError({ step: refused, errno: errnoNumber('EINVAL') }).hint).toContain(hint);
  });
});

describe('what is refused of a cgroup is told as by the package for cgroups', () => {
  test('a value, by the files of the group', () => {
    const group = mkdtempSync(join(tmpdir(), 'coracle-group-'));
    try {
      writeFileSync(join(group, 'cgroup.procs'), '4711\n');
      const path = join(group, 'cgroup.subtree_control');
      const refused = write({ fd: resultOf('file'), data: '+memory' }, { why: 'hand the controllers down', on: path });
      const error = stepError({ step: refused, errno: errnoNumber('EBUSY') });
      expect(error).toMatchObject({ path, text: 'processes live in the group itself (4711)' });
      expect(error.hint).toContain('move them into a child first');
    } finally {
      rmSync(group, { recursive: true });
    }
  });

  test('a group that cannot be made', () => {
    const path = '/sys/fs/cgroup/pids/box';
    const refused = mkdirat({ path }, { why: 'make a cgroup', on: path });
    expect(stepError({ step: refused, errno: errnoNumber('EACCES') }).hint).toContain('have a group delegated to you');
  });

  test('a file that cannot be opened', () => {
    const path = '/sys/fs/cgroup/no-such-group/pids.max';
    const refused = openat({ path, flags: 0 }, { why: 'set a limit', on: path });
    const error = stepError({ step: refused, errno: errnoNumber('ENOENT') });
    expect(error.text).toBe('there is no group /sys/fs/cgroup/no-such-group');
  });
});
