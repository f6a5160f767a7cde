import { statSync } from 'node:fs';
import {
  bpfProgAttach,
  bpfProgLoad,
  capData,
  capHeader,
  cloneArgs,
  deviceNumber,
  fdMessage,
  fileLock,
  interfaceFlags,
  landlockPathBeneath,
  landlockRuleset,
  mountAttr,
  openHow,
  output,
  pollFds,
  RUSAGE_LENGTH,
  readFdMessage,
  readRusage,
  readSiginfo,
  receiveHeader,
  rlimit,
  SIGINFO_LENGTH,
  STATX,
  type Struct,
  sockFprog,
  unixAddress,
  windowSize,
} from '@coracle/syscalls';
import { needs } from '@coracle/test-support';
import { describe, expect, test } from '@jest/globals';
import { ARCHES, compilerFor, evaluate } from './c-compiler.ts';

/** What stands in a structure: its fields with their offset and width in bytes, and which are pointers. */
interface Layout {
  type: string;
  includes: string[];
  length: number;
  fields: Record<string, [offset: number, width: number]>;
}

const LAYOUTS: Layout[] = [
  {
    type: 'struct sockaddr_un',
    includes: ['sys/un.h'],
    length: 110,
    fields: { sun_family: [0, 2], sun_path: [2, 108] },
  },
  {
    type: 'struct landlock_path_beneath_attr',
    includes: ['linux/landlock.h'],
    length: 12,
    fields: { allowed_access: [0, 8], parent_fd: [8, 4] },
  },
  {
    type: 'struct statx',
    includes: ['linux/stat.h'],
    length: STATX.length,
    fields: { stx_mode: [STATX.mode, 2], stx_rdev_major: [STATX.rdevMajor, 4], stx_rdev_minor: [STATX.rdevMinor, 4] },
  },
  {
    type: 'struct clone_args',
    includes: ['linux/sched.h', 'linux/types.h'],
    length: 88,
    fields: { flags: [0, 8], pidfd: [8, 8], exit_signal: [32, 8], cgroup: [80, 8] },
  },
  {
    type: 'struct open_how',
    includes: ['linux/openat2.h'],
    length: 24,
    fields: { flags: [0, 8], mode: [8, 8], resolve: [16, 8] },
  },
  {
    type: 'struct mount_attr',
    includes: ['linux/mount.h'],
    length: 32,
    fields: { attr_set: [0, 8], attr_clr: [8, 8], propagation: [16, 8], userns_fd: [24, 8] },
  },
  {
    type: 'struct rlimit64',
    includes: ['linux/resource.h'],
    length: 16,
    fields: { rlim_cur: [0, 8], rlim_max: [8, 8] },
  },
  {
    type: 'struct flock',
    includes: ['fcntl.h'],
    length: 32,
    fields: { l_type: [0, 2], l_whence: [2, 2], l_start: [8, 8], l_len: [16, 8], l_pid: [24, 4] },
  },
  {
    type: 'struct __user_cap_header_struct',
    includes: ['linux/capability.h'],
    length: 8,
    fields: { version: [0, 4], pid: [4, 4] },
  },
  {
    type: 'struct __user_cap_data_struct',
    includes: ['linux/capability.h'],
    length: 12,
    fields: { effective: [0, 4], permitted: [4, 4], inheritable: [8, 4] },
  },
  { type: 'struct sock_fprog', includes: ['linux/filter.h'], length: 16, fields: { len: [0, 2], filter: [8, 8] } },
  { type: 'struct pollfd', includes: ['poll.h'], length: 8, fields: { fd: [0, 4], events: [4, 2], revents: [6, 2] } },
  {
    type: 'struct msghdr',
    includes: ['sys/socket.h'],
    length: 56,
    fields: { msg_iov: [16, 8], msg_iovlen: [24, 8], msg_control: [32, 8], msg_controllen: [40, 8] },
  },
  {
    type: 'struct cmsghdr',
    includes: ['sys/socket.h'],
    length: 16,
    fields: { cmsg_len: [0, 8], cmsg_level: [8, 4], cmsg_type: [12, 4] },
  },
  { type: 'struct iovec', includes: ['sys/uio.h'], length: 16, fields: { iov_base: [0, 8], iov_len: [8, 8] } },
  {
    type: 'struct ifreq',
    includes: ['net/if.h'],
    length: 40,
    fields: { ifr_name: [0, 16], ifr_flags: [16, 2] },
  },
  { type: 'struct winsize', includes: ['sys/ioctl.h'], length: 8, fields: { ws_row: [0, 2], ws_col: [2, 2] } },
  {
    type: 'siginfo_t',
    includes: ['signal.h'],
    length: SIGINFO_LENGTH,
    fields: { si_code: [8, 4], si_pid: [16, 4], si_status: [24, 4] },
  },
  {
    type: 'struct rusage',
    includes: ['sys/resource.h'],
    length: RUSAGE_LENGTH,
    fields: {
      'ru_utime.tv_sec': [0, 8],
      'ru_utime.tv_usec': [8, 8],
      'ru_stime.tv_sec': [16, 8],
      'ru_stime.tv_usec': [24, 8],
      ru_maxrss: [32, 8],
    },
  },
];

describe.each(ARCHES)('on %s', (arch) => {
  const testWithCompiler = needs.test(compilerFor(arch));

  for (const { type, includes, length, fields } of LAYOUTS) {
    testWithCompiler(`${type} has the length and the offsets that the encoders use`, () => {
      const names = Object.keys(fields);
      const [size, ...places] = evaluate(arch, {
        includes,
        expressions: [
          `sizeof(${type})`,
          ...names.flatMap((name) => [`offsetof(${type}, ${name})`, `sizeof(((${type} *)0)->${name})`]),
        ],
      });
      expect(Number(size)).toBe(length);
      expect(places.map(Number)).toEqual(Object.values(fields).flat());
    });
  }
});

describe.each(ARCHES)('on %s', (arch) => {
  // The union has grown since and the kernel takes a part of it from the start; so each part must end where a field does.
  needs.test(compilerFor(arch))('the parts of union bpf_attr have the offsets that the encoders use', () => {
    const fields = {
      ...{ prog_type: 0, insn_cnt: 4, insns: 8, license: 16, log_level: 24, prog_name: 48, prog_ifindex: 64 },
      ...{ target_fd: 0, attach_bpf_fd: 4, attach_type: 8, attach_flags: 12, replace_bpf_fd: 16 },
    };
    const places = evaluate(arch, {
      includes: ['linux/bpf.h'],
      expressions: Object.keys(fields).map((name) => `offsetof(union bpf_attr, ${name})`),
    });
    expect(places.map(Number)).toEqual(Object.values(fields));
  });
});

/** The fields of a structure that are not zero, by name, as the table above places them. */
function fieldsOf({ bytes }: { bytes: Uint8Array }, type: string): Record<string, bigint> {
  const layout = LAYOUTS.find((candidate) => candidate.type === type);
  if (!layout) throw new Error(`no layout of ${type}`);
  expect(bytes.length).toBe(layout.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = (at: number, width: number): bigint => {
    let value = 0n;
    for (let index = width - 1; index >= 0; index--) value = (value << 8n) | BigInt(view.getUint8(at + index));
    return value;
  };
  return Object.fromEntries(
    Object.entries(layout.fields)
      .map(([name, [offset, width]]) => [name, read(offset, width)] as const)
      .filter(([, value]) => value !== 0n),
  );
}

const pointersOf = ({ pointers = [] }: Struct): number[] => pointers.map(({ offset }) => offset);

describe('the encoders put each value into its field:', () => {
  test('clone_args', () => {
    const pidfd = output('pidfd', 4);
    const struct = cloneArgs({ flags: 0x200000000n, cgroup: 7, pidfd });
    expect(fieldsOf(struct, 'struct clone_args')).toEqual({ flags: 0x200000000n, exit_signal: 17n, cgroup: 7n });
    expect(struct.pointers).toEqual([{ offset: 8, target: pidfd }]);
    expect(fieldsOf(cloneArgs({ flags: 0, exitSignal: 0 }), 'struct clone_args')).toEqual({});
  });

  test('open_how', () => {
    expect(fieldsOf(openHow({ flags: 1, mode: 0o644, resolve: 16 }), 'struct open_how')).toEqual({
      flags: 1n,
      mode: 0o644n,
      resolve: 16n,
    });
  });

  test('mount_attr', () => {
    expect(fieldsOf(mountAttr({ set: 1, clear: 2, propagation: 3, usernsFd: 4 }), 'struct mount_attr')).toEqual({
      attr_set: 1n,
      attr_clr: 2n,
      propagation: 3n,
      userns_fd: 4n,
    });
    expect(fieldsOf(mountAttr({}), 'struct mount_attr')).toEqual({});
  });

  test('rlimit64, where no limit is all bits', () => {
    expect(fieldsOf(rlimit({ soft: 1024, hard: 'max' }), 'struct rlimit64')).toEqual({
      rlim_cur: 1024n,
      rlim_max: 2n ** 64n - 1n,
    });
    expect(fieldsOf(rlimit({ soft: 0, hard: 2n ** 63n }), 'struct rlimit64')).toEqual({ rlim_max: 2n ** 63n });
  });

  test('flock: exclusive, from the beginning of the file, of no process', () => {
    expect(fieldsOf(fileLock({ start: 2 ** 32 + 7, length: 65536 }), 'struct flock')).toEqual({
      l_type: 1n,
      l_start: 2n ** 32n + 7n,
      l_len: 65536n,
    });
  });

  test('the header of capset: version 3, of the calling thread', () => {
    expect(fieldsOf(capHeader(), 'struct __user_cap_header_struct')).toEqual({ version: 0x20080522n });
  });

  test('the data of capset: lower halves, then upper halves', () => {
    const { bytes } = capData({ effective: 1n << 40n, permitted: 0x1_8000_0001n, inheritable: 0x2_0000_0004n });
    const half = (at: number) => fieldsOf({ bytes: bytes.slice(at, at + 12) }, 'struct __user_cap_data_struct');
    expect(half(0)).toEqual({ permitted: 0x80000001n, inheritable: 4n });
    expect(half(12)).toEqual({ effective: 0x100n, permitted: 1n, inheritable: 2n });
  });

  test('sock_fprog', () => {
    const instructions = new Uint8Array(24);
    const struct = sockFprog(instructions);
    expect(fieldsOf(struct, 'struct sock_fprog')).toEqual({ len: 3n });
    expect(struct.pointers).toEqual([{ offset: 8, target: instructions }]);
  });

  test('bpf_attr of a program, its name cut so that its NUL stays', () => {
    const instructions = new Uint8Array(24);
    const struct = bpfProgLoad({ type: 15, instructions, license: 'Apache-2.0', name: 'abcdefghijklmnopqr' });
    const view = new DataView(struct.bytes.buffer);
    expect(struct.bytes.length).toBe(64);
    expect([view.getUint32(0, true), view.getUint32(4, true)]).toEqual([15, 3]);
    expect(Buffer.from(struct.bytes.slice(48)).toString()).toBe('abcdefghijklmno\0');
    expect(struct.pointers).toEqual([
      { offset: 8, target: instructions },
      { offset: 16, target: 'Apache-2.0' },
    ]);
    const rest = bpfProgLoad({ type: 15, instructions, license: 'GPL' }).bytes.slice(8);
    expect(rest.every((byte) => byte === 0)).toBe(true);
  });

  test('bpf_attr of an attachment', () => {
    const { bytes } = bpfProgAttach({ target: 40, program: 43, type: 6, flags: 2 });
    expect([...new Uint32Array(bytes.buffer)]).toEqual([40, 43, 6, 2]);
    expect([...new Uint32Array(bpfProgAttach({ target: 1, program: 2, type: 3 }).bytes.buffer)]).toEqual([1, 2, 3, 0]);
  });

  test('pollfd, one behind the other', () => {
    const { bytes } = pollFds([
      { fd: 3, events: 1 },
      { fd: 4, events: 0x2000 },
    ]);
    expect(fieldsOf({ bytes: bytes.slice(0, 8) }, 'struct pollfd')).toEqual({ fd: 3n, events: 1n });
    expect(fieldsOf({ bytes: bytes.slice(8) }, 'struct pollfd')).toEqual({ fd: 4n, events: 0x2000n });
  });

  test('sockaddr_un, whose path ends with a NUL', () => {
    expect(fieldsOf(unixAddress('/s') ?? { bytes: new Uint8Array() }, 'struct sockaddr_un')).toEqual({
      sun_family: 1n,
      sun_path: 0x732fn,
    });
    expect(unixAddress('x'.repeat(107))?.bytes.at(-1)).toBe(0);
    expect(unixAddress('ä'.repeat(54))).toBeUndefined();
  });

  test('msghdr with bytes of the caller', () => {
    const message = fdMessage([10], Buffer.from('{"a":1}'));
    const [vector] = (message.pointers ?? []).map(({ target }) => target) as [Struct];
    expect(fieldsOf(vector, 'struct iovec')).toEqual({ iov_len: 7n });
    expect(vector.pointers?.[0]?.target).toMatchObject({ bytes: Buffer.from('{"a":1}') });
  });

  test('a rule of Landlock, packed', () => {
    const rule = landlockPathBeneath({ allowed: 0xc, parentFd: 5 });
    expect(fieldsOf(rule, 'struct landlock_path_beneath_attr')).toEqual({ allowed_access: 0xcn, parent_fd: 5n });
  });

  test('a ruleset of Landlock; older kernels take the words they do not know while those are zero', () => {
    const words = (struct: Struct): bigint[] => [...new BigUint64Array(struct.bytes.buffer)];
    expect(words(landlockRuleset({ handledFs: 0xffff }))).toEqual([0xffffn, 0n, 0n]);
    expect(words(landlockRuleset({ scoped: 3 }))).toEqual([0n, 0n, 3n]);
  });

  test('ifreq, with the name cut so that its NUL stays', () => {
    expect(fieldsOf(interfaceFlags('lo', 0x41), 'struct ifreq')).toEqual({ ifr_name: 0x6f6cn, ifr_flags: 0x41n });
    expect(interfaceFlags('an-interface-name-too-long', 1).bytes[15]).toBe(0);
  });

  test('winsize', () => {
    expect(fieldsOf(windowSize({ rows: 24, columns: 80 }), 'struct winsize')).toEqual({ ws_row: 24n, ws_col: 80n });
  });

  test('msghdr with an iovec of one byte and descriptors in a cmsghdr', () => {
    const message = fdMessage([10, 11, 12]);
    expect(fieldsOf(message, 'struct msghdr')).toEqual({ msg_iovlen: 1n, msg_controllen: 32n });
    expect(pointersOf(message)).toEqual([16, 32]);
    const [vector, control] = (message.pointers ?? []).map(({ target }) => target) as [Struct, Struct];
    expect(fieldsOf(vector, 'struct iovec')).toEqual({ iov_len: 1n });
    expect(fieldsOf({ bytes: control.bytes.slice(0, 16) }, 'struct cmsghdr')).toEqual({
      cmsg_len: 28n,
      cmsg_level: 1n,
      cmsg_type: 1n,
    });
    expect(readFdMessage(control.bytes)).toEqual([10, 11, 12]);
  });

  test('msghdr to receive with, pointing at the room for control messages', () => {
    const room = output('control', 24);
    const header = receiveHeader(room);
    expect(fieldsOf(header, 'struct msghdr')).toEqual({ msg_iovlen: 1n, msg_controllen: 24n });
    expect(header.pointers?.[1]).toEqual({ offset: 32, target: room });
  });
});

describe('what the kernel fills in is read:', () => {
  const filled = (length: number, words: [offset: number, value: number][]): Uint8Array => {
    const bytes = new Uint8Array(length);
    const view = new DataView(bytes.buffer);
    for (const [offset, value] of words) view.setInt32(offset, value, true);
    return bytes;
  };

  test('a process that ended by itself', () => {
    const bytes = filled(SIGINFO_LENGTH, [
      [8, 1],
      [16, 4711],
      [24, 3],
    ]);
    expect(readSiginfo(bytes)).toEqual({ pid: 4711, exitCode: 3 });
  });

  test.each([2, 3])('a process that a signal ended (si_code %i: killed, dumped)', (code) => {
    const bytes = filled(SIGINFO_LENGTH, [
      [8, code],
      [16, 4711],
      [24, 9],
    ]);
    expect(readSiginfo(bytes)).toEqual({ pid: 4711, signal: 9 });
  });

  test('what a process used: user and system time together, and memory in bytes', () => {
    const bytes = filled(RUSAGE_LENGTH, [
      [0, 1],
      [8, 500],
      [16, 2],
      [24, 7],
      [32, 1024],
    ]);
    expect(readRusage(bytes)).toEqual({ cpuUsec: 3_000_507n, peakBytes: 1048576n });
  });

  test('a message that carried no descriptors', () => {
    expect(readFdMessage(new Uint8Array(24))).toEqual([]);
  });
});

test('the numbers of devices are those of the devices here', () => {
  expect(deviceNumber(1, 3)).toBe(statSync('/dev/null').rdev);
  expect(deviceNumber(5, 0)).toBe(statSync('/dev/tty').rdev);
});

test('the numbers of devices have room for 12 bits of major and 20 of minor, in the order of makedev(3)', () => {
  expect(deviceNumber(0x123, 0x45678)).toBe(0x45612378);
  expect(deviceNumber(0xfff, 0xfffff)).toBe(0xffffffff);
});
