import { spawnSync } from 'node:child_process';
import {
  AF,
  type Arch,
  AT,
  AT_FDCWD,
  BPF,
  BPF_ATTACH_TYPE,
  BPF_F,
  BPF_PROG_TYPE,
  CAP_AMBIENT,
  CLONE,
  CLOSE_RANGE,
  F,
  FILE_LOCK,
  FS,
  FSCONFIG,
  IOCTL,
  KEYCTL,
  LANDLOCK,
  LANDLOCK_ACCESS_FS,
  LANDLOCK_RULE,
  LOCK,
  MFD,
  MNT,
  MOUNT_ATTR,
  MOVE_MOUNT,
  MS,
  MSG,
  OPEN,
  OPEN_TREE,
  P,
  POLL,
  PR,
  RESOLVE,
  RLIMIT,
  S,
  SCM_RIGHTS,
  SEAL,
  SECBIT,
  SECCOMP_FILTER,
  SIG,
  SOCK,
  SOL_SOCKET,
  type SyscallName,
  syscallNumber,
  syscallNumbers,
  WAIT,
} from '@coracle/syscalls';
import { needs } from '@coracle/test-support';
import { describe, expect, test } from '@jest/globals';
import { ARCHES, compilerFor, evaluate } from './c-compiler.ts';

const NUMBERS: Record<Arch, Readonly<Record<string, number>>> = {
  x64: Object.fromEntries(syscallNumbers('x64')),
  arm64: Object.fromEntries(syscallNumbers('arm64')),
};

type Table = Readonly<Record<string, number | bigint>>;
const TABLES: [name: string, table: Table, header: string, options?: { enums?: true; also?: string }][] = [
  ['CLONE', CLONE, 'linux/sched.h'],
  ['MS', MS, 'linux/mount.h'],
  ['MNT', MNT, 'sys/mount.h'],
  ['MOUNT_ATTR', MOUNT_ATTR, 'linux/mount.h'],
  ['FS', FS, 'linux/mount.h'],
  ['FSCONFIG', FSCONFIG, 'linux/mount.h', { enums: true }],
  ['OPEN_TREE', OPEN_TREE, 'linux/mount.h', { also: 'linux/fcntl.h' }],
  ['MOVE_MOUNT', MOVE_MOUNT, 'linux/mount.h'],
  ['AT', { ...AT, AT_FDCWD }, 'linux/fcntl.h'],
  ['RESOLVE', RESOLVE, 'linux/openat2.h'],
  ['S', S, 'linux/stat.h'],
  ['PR', PR, 'linux/prctl.h'],
  ['CAP_AMBIENT', CAP_AMBIENT, 'linux/prctl.h'],
  ['SECBIT', SECBIT, 'linux/securebits.h'],
  ['SECCOMP_FILTER', SECCOMP_FILTER, 'linux/seccomp.h'],
  ['WAIT', WAIT, 'linux/wait.h'],
  ['P', P, 'linux/wait.h'],
  ['MFD', MFD, 'linux/memfd.h'],
  ['SEAL', SEAL, 'linux/fcntl.h'],
  ['F', F, 'linux/fcntl.h'],
  ['FILE_LOCK', FILE_LOCK, 'linux/fcntl.h'],
  ['AF', AF, 'sys/socket.h'],
  ['SOCK', SOCK, 'sys/socket.h', { enums: true }],
  ['MSG', MSG, 'sys/socket.h', { enums: true }],
  ['SCM', { SCM_RIGHTS, SOL_SOCKET }, 'sys/socket.h', { enums: true }],
  ['IOCTL', IOCTL, 'sys/ioctl.h', { also: 'linux/seccomp.h' }],
  ['KEYCTL', KEYCTL, 'linux/keyctl.h'],
  ['LANDLOCK', LANDLOCK, 'linux/landlock.h'],
  ['LANDLOCK_ACCESS_FS', LANDLOCK_ACCESS_FS, 'linux/landlock.h'],
  ['LANDLOCK_RULE', LANDLOCK_RULE, 'linux/landlock.h', { enums: true }],
  ['CLOSE_RANGE', CLOSE_RANGE, 'linux/close_range.h'],
  ['LOCK', LOCK, 'sys/file.h'],
  ['POLL', POLL, 'poll.h'],
  ['SIG', SIG, 'asm/signal.h'],
  ['RLIMIT', RLIMIT, 'asm/resource.h'],
  ['BPF', BPF, 'linux/bpf.h', { enums: true }],
  ['BPF_PROG_TYPE', BPF_PROG_TYPE, 'linux/bpf.h', { enums: true }],
  ['BPF_ATTACH_TYPE', BPF_ATTACH_TYPE, 'linux/bpf.h', { enums: true }],
  ['BPF_F', BPF_F, 'linux/bpf.h'],
];

/** Of Linux 6.2 to 6.12, younger than the headers of some systems that are still in use. */
const YOUNG = [
  'LANDLOCK_ACCESS_FS_TRUNCATE',
  'LANDLOCK_ACCESS_FS_IOCTL_DEV',
  'LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET',
  'LANDLOCK_SCOPE_SIGNAL',
  'MFD_EXEC',
  'F_SEAL_EXEC',
];

describe.each(ARCHES)('on %s', (arch) => {
  const testWithCompiler = needs.test(compilerFor(arch));

  testWithCompiler('every call the kernel’s headers know has their number', () => {
    const ours = NUMBERS[arch];
    const names = Object.keys(ours);
    const theirs = evaluate(arch, {
      expressions: names.map((name) => `__NR_${name}`),
      includes: ['asm/unistd.h'],
      mayLack: true,
    });
    const known = names.flatMap((name, index) => (theirs[index] === undefined ? [] : [[name, theirs[index]]]));
    expect(known.length).toBeGreaterThan(280);
    expect(known).toEqual(known.map(([name]) => [name, BigInt(ours[String(name)] ?? -1)]));
    // What older headers lack came later: it stands at the end of the table.
    const lacking = names.filter((_, index) => theirs[index] === undefined).map((name) => ours[name] ?? 0);
    const newest = Math.max(...known.map(([, number]) => Number(number)));
    expect(
      lacking.filter(
        (number) => number < newest && number !== NUMBERS.x64['uretprobe'] && number !== NUMBERS.x64['uprobe'],
      ),
    ).toEqual([]);
  });

  testWithCompiler('the headers know no call that the table lacks', () => {
    const compiler = arch === 'x64' ? 'x86_64-linux-gnu-gcc' : 'aarch64-linux-gnu-gcc';
    const { stdout } = spawnSync(compiler, ['-E', '-dM', '-'], {
      input: '#include <asm/unistd.h>\n',
      encoding: 'utf8',
    });
    const names = [...stdout.matchAll(/^#define __NR_(\w+) /gm)].map(([, name = '']) => name);
    const aliases = /^(syscalls|arch_specific_syscall|fstatat|.*_time64)$/;
    expect(names.filter((name) => !aliases.test(name) && !(name in NUMBERS[arch]))).toEqual([]);
  });

  for (const [name, table, header, options] of TABLES) {
    testWithCompiler(`the values of ${name} are those of ${header}`, () => {
      const names = Object.keys(table);
      const theirs = evaluate(arch, {
        expressions: names,
        includes: [header, options?.also ?? header],
        mayLack: options?.enums !== true,
      });
      const lacking = names.filter((_, index) => theirs[index] === undefined);
      expect(lacking.filter((missing) => !YOUNG.includes(missing))).toEqual([]);
      const known = Object.fromEntries(names.map((key, index) => [key, theirs[index] ?? BigInt(table[key] ?? 0)]));
      expect(Object.fromEntries(names.map((key) => [key, BigInt(table[key] ?? -1)]))).toEqual(known);
    });
  }

  testWithCompiler('the values of OPEN are those of fcntl.h, but for two where another architecture runs this', () => {
    const names = Object.keys(OPEN) as (keyof typeof OPEN)[];
    const theirs = evaluate(arch, { expressions: names, includes: ['fcntl.h'] });
    const differing = names.filter((name, index) => BigInt(OPEN[name]) !== theirs[index]);
    expect(differing).toEqual(arch === process.arch ? [] : ['O_DIRECTORY', 'O_NOFOLLOW']);
  });
});

test('a name stands for the call of the architecture asked for', () => {
  expect(syscallNumber('openat', 'x64')).toBe(257);
  expect(syscallNumber('openat', 'arm64')).toBe(56);
  expect(syscallNumber('clone3', 'x64')).toBe(syscallNumber('clone3', 'arm64'));
});

test.each(ARCHES)('every name of %s stands for the number that the table says', (arch) => {
  const names = Object.keys(NUMBERS[arch]) as SyscallName[];
  expect(Object.fromEntries(names.map((name) => [name, syscallNumber(name, arch)]))).toEqual(NUMBERS[arch]);
});

test('arm64 has none of the calls that the ones by descriptor replaced', () => {
  const old: SyscallName[] = ['open', 'mkdir', 'fork', 'pipe', 'dup2', 'poll', 'chown'];
  expect(old.map((name) => syscallNumber(name, 'arm64'))).toEqual(old.map(() => undefined));
});

test.each(ARCHES)('no two calls of %s share a number', (arch) => {
  const numbers = Object.values(NUMBERS[arch]);
  expect(new Set(numbers).size).toBe(numbers.length);
});
