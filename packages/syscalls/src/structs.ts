import type { Flags, Output, Struct } from './arg.ts';
import { AF, FILE_LOCK, SIGCHLD } from './constants.ts';
import { setWord } from './word.ts';

/**
 * Encoders of the C structures that calls take. All fields are little-endian, as on both architectures;
 * offsets are those of the kernel's own headers (tests compare them with a C compiler's).
 */

type Pointers = NonNullable<Struct['pointers']>;

function struct(length: number, text: string, fill: (view: DataView) => void, pointers?: Pointers): Struct {
  const bytes = new Uint8Array(length);
  fill(new DataView(bytes.buffer));
  return pointers ? { kind: 'struct', bytes, text, pointers } : { kind: 'struct', bytes, text };
}

const text = (value: Flags | number | bigint): string => (typeof value === 'object' ? value.text : String(value));
const number = (value: Flags | number | bigint): number | bigint => (typeof value === 'object' ? value.value : value);

/** Arguments of clone3(2). */
export interface CloneArgs {
  flags: Flags | number | bigint;
  /** Sent to the parent when the child ends; SIGCHLD if absent. */
  exitSignal?: number;
  /** Where the kernel puts a pidfd of the child (with CLONE_PIDFD). */
  pidfd?: Output;
  /** Descriptor of the cgroup directory to start in (with CLONE_INTO_CGROUP). */
  cgroup?: number;
}

/**
 * `struct clone_args` of clone3(2), 88 bytes.
 * @example
 * cloneArgs({ flags: flags(CLONE, 'CLONE_NEWPID') });
 */
export function cloneArgs({ flags, exitSignal = SIGCHLD, pidfd, cgroup }: CloneArgs): Struct {
  return struct(
    88,
    `{flags: ${text(flags)}${cgroup === undefined ? '' : `, cgroup: ${cgroup}`}}`,
    (view) => {
      setWord(view, 0, number(flags));
      setWord(view, 32, exitSignal);
      if (cgroup !== undefined) setWord(view, 80, cgroup);
    },
    pidfd && [{ offset: 8, target: pidfd }],
  );
}

/**
 * `struct open_how` of openat2(2), 24 bytes.
 * @example
 * openHow({ flags: flags(OPEN, 'O_PATH'), resolve: flags(RESOLVE, 'RESOLVE_IN_ROOT') });
 */
export function openHow({
  flags,
  mode = 0,
  resolve,
}: {
  flags: Flags | number;
  mode?: number;
  resolve: Flags | number;
}): Struct {
  return struct(24, `{flags: ${text(flags)}, resolve: ${text(resolve)}}`, (view) => {
    setWord(view, 0, number(flags));
    setWord(view, 8, mode);
    setWord(view, 16, number(resolve));
  });
}

/** `struct statx` of statx(2): how long it is, and where in it fields of 4 bytes are; the upper half of `mode` is zero. */
export const STATX = { length: 256, mode: 28, rdevMajor: 128, rdevMinor: 132 } as const;

/**
 * `struct mount_attr` of mount_setattr(2), 32 bytes.
 * @param attr `set` and `clear` take MOUNT_ATTR_*, `propagation` one of MS_PRIVATE, MS_SLAVE, MS_SHARED, MS_UNBINDABLE;
 *   `usernsFd` goes with MOUNT_ATTR_IDMAP
 * @example
 * mountAttr({ set: flags(MOUNT_ATTR, 'MOUNT_ATTR_RDONLY') });
 */
export function mountAttr(attr: {
  set?: Flags | number;
  clear?: Flags | number;
  propagation?: Flags | number;
  usernsFd?: Flags | number;
}): Struct {
  const { set = 0, clear = 0, propagation = 0, usernsFd = 0 } = attr;
  const words = [];
  if (number(set)) words.push(`set: ${text(set)}`);
  if (number(clear)) words.push(`clear: ${text(clear)}`);
  if (number(propagation)) words.push(`propagation: ${text(propagation)}`);
  if (number(usernsFd)) words.push(`userns_fd: ${text(usernsFd)}`);
  return struct(32, `{${words.join(', ')}}`, (view) => {
    setWord(view, 0, number(set));
    setWord(view, 8, number(clear));
    setWord(view, 16, number(propagation));
    setWord(view, 24, number(usernsFd));
  });
}

/**
 * `struct rlimit64` of prlimit(2), 16 bytes; `'max'` is no limit.
 * @example
 * rlimit({ soft: 1024, hard: 'max' });
 */
export function rlimit({ soft, hard }: { soft: number | bigint | 'max'; hard: number | bigint | 'max' }): Struct {
  const value = (limit: number | bigint | 'max'): number | bigint => (limit === 'max' ? 0xffffffffffffffffn : limit);
  return struct(16, `{soft: ${soft}, hard: ${hard}}`, (view) => {
    setWord(view, 0, value(soft));
    setWord(view, 8, value(hard));
  });
}

/** Bytes of a file that are locked, or to be. */
export interface FileRange {
  start: number;
  length: number;
  /** With others who share it; alone if absent. */
  shared?: boolean;
}

/**
 * `struct flock` of fcntl(2), 32 bytes: a lock on some bytes of a file, whether or not the file has them.
 * @param range in bytes from the beginning of the file; a `shared` lock goes with others of its kind
 * @see fcntl(2), "Open file description locks"
 * @example
 * fileLock({ start: 100000, length: 65536 });
 */
export function fileLock({ start, length, shared = false }: FileRange): Struct {
  const type = shared ? 'F_RDLCK' : 'F_WRLCK';
  return struct(32, `{type: ${type}, start: ${start}, length: ${length}}`, (view) => {
    view.setInt16(0, FILE_LOCK[type], true);
    setWord(view, 8, start);
    setWord(view, 16, length);
  });
}

/**
 * `struct __user_cap_header_struct` of capset(2), 8 bytes: the calling thread, in version 3 with its sets of 64 bits.
 * @example
 * capHeader();
 */
export function capHeader(): Struct {
  const version = 0x20080522;
  return struct(8, '{version: 3}', (view) => view.setUint32(0, version, true));
}

/**
 * The two `struct __user_cap_data_struct` of capset(2), 24 bytes: the lower and the upper half of each set.
 * @param sets bit n of each is the capability with the number n
 * @example
 * capData({ effective: 0n, permitted: 1n << 21n, inheritable: 0n });
 */
export function capData(sets: { effective: bigint; permitted: bigint; inheritable: bigint }): Struct {
  const fields = [sets.effective, sets.permitted, sets.inheritable] as const;
  const [effective, permitted, inheritable] = fields.map((bits) => `0x${bits.toString(16)}`);
  const shown = `{effective: ${effective}, permitted: ${permitted}, inheritable: ${inheritable}}`;
  return struct(24, shown, (view) => {
    fields.forEach((bits, index) => {
      view.setUint32(index * 4, Number(bits & 0xffffffffn), true);
      view.setUint32(12 + index * 4, Number(bits >> 32n), true);
    });
  });
}

/**
 * A null-terminated array of strings, as execve(2) takes for arguments and environment.
 * @example
 * stringArray(['ls', '-l']);
 */
export function stringArray(strings: readonly string[]): Struct {
  const shown = strings.map((string) => JSON.stringify(string)).join(', ');
  const pointers = strings.map((target, index) => ({ offset: index * 8, target }));
  return struct((strings.length + 1) * 8, `[${shown}]`, () => {}, pointers);
}

/**
 * `struct sock_fprog` of seccomp(2): a BPF program of `sock_filter` instructions, 8 bytes each.
 * @example
 * sockFprog(instructions);
 */
export function sockFprog(instructions: Uint8Array): Struct {
  const count = instructions.length / 8;
  return struct(16, `{${count} instructions}`, (view) => view.setUint16(0, count, true), [
    { offset: 8, target: instructions },
  ]);
}

/** Bytes of one BPF instruction (`struct bpf_insn`). */
const BPF_INSTRUCTION_LENGTH = 8;

/** As long as the name of a BPF program can be, without its NUL. */
const BPF_NAME_LENGTH = 15;

/**
 * `union bpf_attr` of bpf(2) for BPF_PROG_LOAD, 64 bytes: as much of it as Linux 4.15 knows.
 * @param program `instructions` of 8 bytes each; `license` such as `'GPL'`; `name` shows in bpftool(8), cut to 15 bytes
 * @example
 * bpfProgLoad({ type: flags(BPF_PROG_TYPE, 'BPF_PROG_TYPE_CGROUP_DEVICE'), instructions, license: 'Apache-2.0', name: 'box' });
 */
export function bpfProgLoad({
  type,
  instructions,
  license,
  name = '',
}: {
  type: Flags | number;
  instructions: Uint8Array;
  license: string;
  name?: string;
}): Struct {
  const count = instructions.length / BPF_INSTRUCTION_LENGTH;
  return struct(
    64,
    `{type: ${text(type)}, ${count} instructions}`,
    (view) => {
      view.setUint32(0, Number(number(type)), true);
      view.setUint32(4, count, true);
      new TextEncoder()
        .encode(name)
        .slice(0, BPF_NAME_LENGTH)
        .forEach((byte, index) => {
          view.setUint8(48 + index, byte);
        });
    },
    [
      { offset: 8, target: instructions },
      { offset: 16, target: license },
    ],
  );
}

/**
 * `union bpf_attr` of bpf(2) for BPF_PROG_ATTACH, 16 bytes.
 * @param attachment `target` and `program` are descriptors, of a cgroup's directory and of a loaded program
 * @example
 * bpfProgAttach({ target: 40, program: 43, type: flags(BPF_ATTACH_TYPE, 'BPF_CGROUP_DEVICE'), flags: flags(BPF_F, 'BPF_F_ALLOW_MULTI') });
 */
export function bpfProgAttach(attachment: {
  target: number;
  program: number;
  type: Flags | number;
  flags?: Flags | number;
}): Struct {
  const { target, program, type, flags = 0 } = attachment;
  return struct(16, `{target: ${target}, program: ${program}, type: ${text(type)}, flags: ${text(flags)}}`, (view) => {
    view.setUint32(0, target, true);
    view.setUint32(4, program, true);
    view.setUint32(8, Number(number(type)), true);
    view.setUint32(12, Number(number(flags)), true);
  });
}

/** As many programs as the kernel attaches to one group at a place (BPF_CGROUP_MAX_PROGS). */
const MOST_PROGRAMS = 64;

/**
 * `union bpf_attr` of bpf(2) for BPF_PROG_QUERY, 32 bytes: asks which programs are attached to a group itself. The kernel puts their
 * ids into `ids`, 4 bytes each; behind the last there are zeros, which are no id.
 * @example
 * bpfProgQuery({ target: 40, type: flags(BPF_ATTACH_TYPE, 'BPF_CGROUP_DEVICE'), ids: output('ids', 256) });
 */
export function bpfProgQuery({ target, type, ids }: { target: number; type: Flags | number; ids: Output }): Struct {
  return struct(
    32,
    `{target: ${target}, type: ${text(type)}}`,
    (view) => {
      view.setUint32(0, target, true);
      view.setUint32(4, Number(number(type)), true);
      view.setUint32(24, Math.min(ids.length / 4, MOST_PROGRAMS), true);
    },
    [{ offset: 16, target: ids }],
  );
}

/**
 * `union bpf_attr` of bpf(2) for BPF_PROG_GET_FD_BY_ID, 12 bytes.
 * @example
 * bpfProgById(17);
 */
export function bpfProgById(id: number): Struct {
  return struct(12, `{prog_id: ${id}}`, (view) => view.setUint32(0, id, true));
}

/**
 * `struct landlock_ruleset_attr` of landlock_create_ruleset(2), 24 bytes.
 * @param ruleset what the ruleset forbids unless a rule allows it: `handledFs` of {@link LANDLOCK_ACCESS_FS}
 * @example
 * landlockRuleset({ scoped: flags(LANDLOCK, 'LANDLOCK_SCOPE_SIGNAL') });
 */
export function landlockRuleset({
  handledFs = 0,
  handledNet = 0n,
  scoped = 0,
}: {
  handledFs?: Flags | number;
  handledNet?: bigint;
  scoped?: Flags | number;
}): Struct {
  return struct(24, `{handled_access_fs: ${text(handledFs)}, scoped: ${text(scoped)}}`, (view) => {
    setWord(view, 0, number(handledFs));
    setWord(view, 8, handledNet);
    setWord(view, 16, number(scoped));
  });
}

/**
 * `struct landlock_path_beneath_attr` of landlock_add_rule(2), 12 bytes, packed.
 * @param rule `parentFd` is of the directory or file at and below which all of `allowed` may be done
 * @example
 * landlockPathBeneath({ allowed: flags(LANDLOCK_ACCESS_FS, 'LANDLOCK_ACCESS_FS_READ_DIR'), parentFd: 5 });
 */
export function landlockPathBeneath({ allowed, parentFd }: { allowed: Flags | number; parentFd: number }): Struct {
  return struct(12, `{allowed_access: ${text(allowed)}, parent_fd: ${parentFd}}`, (view) => {
    setWord(view, 0, number(allowed));
    view.setInt32(8, parentFd, true);
  });
}

/**
 * An array of `struct pollfd` for ppoll(2), 8 bytes each.
 * @example
 * pollFds([{ fd: 3, events: POLL.POLLIN }]);
 */
export function pollFds(fds: readonly { fd: number; events: number }[]): Struct {
  return struct(fds.length * 8, `[${fds.map(({ fd }) => `{fd: ${fd}}`).join(', ')}]`, (view) => {
    fds.forEach(({ fd, events }, index) => {
      view.setInt32(index * 8, fd, true);
      view.setInt16(index * 8 + 4, events, true);
    });
  });
}

/** Bytes of `struct cmsghdr`. */
const CONTROL_HEADER_LENGTH = 16;

/**
 * Bytes of a control message that carries so many descriptors, as {@link receiveHeader} has to have room for.
 * @see cmsg(3) CMSG_SPACE
 * @example
 * output('control', fdControlLength(1)); // 24 bytes
 */
export function fdControlLength(count: number): number {
  return (CONTROL_HEADER_LENGTH + count * 4 + 7) & ~7;
}

/**
 * `struct msghdr` of sendmsg(2) carrying bytes, one if nothing is said, and, as SCM_RIGHTS (unix(7)), file descriptors.
 * @example
 * fdMessage([10]);
 */
export function fdMessage(fds: readonly number[], bytes: Uint8Array = new Uint8Array(1)): Struct {
  const control = struct(fdControlLength(fds.length), `{SCM_RIGHTS: [${fds.join(', ')}]}`, (view) => {
    setWord(view, 0, CONTROL_HEADER_LENGTH + fds.length * 4);
    view.setInt32(8, 1, true);
    view.setInt32(12, 1, true);
    fds.forEach((fd, index) => {
      view.setInt32(16 + index * 4, fd, true);
    });
  });
  const length = bytes.length;
  const content: Struct = { kind: 'struct', bytes, text: length === 1 ? '1 byte' : `${length} bytes` };
  return messageHeader({ content, length }, { control, length: control.bytes.length, shown: control.text });
}

/**
 * `struct msghdr` for recvmsg(2): room for one byte and for control messages.
 * @param control where the kernel puts them, see {@link readFdMessage}
 * @example
 * receiveHeader(output('control', 24));
 */
export function receiveHeader(control: Output): Struct {
  const byte: Output = { kind: 'output', name: 'byte', length: 1 };
  return messageHeader(
    { content: byte, length: 1 },
    { control, length: control.length, shown: '{room for descriptors}' },
  );
}

function messageHeader(
  { content, length }: { content: Struct | Output; length: number },
  { control, length: controlLength, shown }: { control: Struct | Output; length: number; shown: string },
): Struct {
  const vector = struct(16, `{iov_len: ${length}}`, (view) => setWord(view, 8, length), [
    { offset: 0, target: content },
  ]);
  return struct(
    56,
    shown,
    (view) => {
      setWord(view, 24, 1);
      setWord(view, 40, controlLength);
    },
    [
      { offset: 16, target: vector },
      { offset: 32, target: control },
    ],
  );
}

/**
 * The descriptors in a control buffer that recvmsg(2) filled.
 * @returns an empty list when the message carried none
 * @example
 * readFdMessage(outcome.output('control')); // [17]
 */
export function readFdMessage(control: Uint8Array): number[] {
  const view = new DataView(control.buffer, control.byteOffset, control.byteLength);
  if (view.getInt32(8, true) !== 1 || view.getInt32(12, true) !== 1) return [];
  const count = (Number(view.getBigUint64(0, true)) - CONTROL_HEADER_LENGTH) / 4;
  return Array.from({ length: count }, (_, index) => view.getInt32(16 + index * 4, true));
}

/** Bytes of `sun_path` of unix(7), one of which is for the NUL. */
const SUN_PATH = 108;

/**
 * `struct sockaddr_un` of unix(7) with the path of a socket, 110 bytes.
 * @returns `undefined` for a path of more than 107 bytes, which is too long for the kernel
 * @example
 * unixAddress('/run/listener.sock');
 */
export function unixAddress(path: string): Struct | undefined {
  const name = Buffer.from(path);
  if (name.length >= SUN_PATH) return undefined;
  return struct(2 + SUN_PATH, `{AF_UNIX, ${JSON.stringify(path)}}`, (view) => {
    view.setUint16(0, AF.AF_UNIX, true);
    name.forEach((byte, index) => {
      view.setUint8(2 + index, byte);
    });
  });
}

/**
 * `struct ifreq` of netdevice(7) with interface flags, 40 bytes.
 * @example
 * interfaceFlags('lo', 0x1); // IFF_UP
 */
export function interfaceFlags(name: string, value: number): Struct {
  return struct(40, `{${name}, flags: ${value}}`, (view) => {
    for (let index = 0; index < Math.min(name.length, 15); index++) view.setUint8(index, name.charCodeAt(index));
    view.setInt16(16, value, true);
  });
}

/**
 * `struct winsize` of ioctl_tty(2), 8 bytes.
 * @example
 * windowSize({ rows: 24, columns: 80 });
 */
export function windowSize({ rows, columns }: { rows: number; columns: number }): Struct {
  return struct(8, `{${columns}x${rows}}`, (view) => {
    view.setUint16(0, rows, true);
    view.setUint16(2, columns, true);
  });
}

/**
 * A 32-bit integer in memory, for calls that take a pointer to one.
 * @example
 * int32(0);
 */
export function int32(value: number): Struct {
  return struct(4, `[${value}]`, (view) => view.setInt32(0, value, true));
}

/**
 * The set of signals that rt_sigprocmask(2) takes, 8 bytes.
 * @param signals numbers from 1 to 64, or `'all'`
 * @example
 * signalSet([]); // the empty set
 */
export function signalSet(signals: readonly number[] | 'all'): Struct {
  let bits = 0n;
  if (signals === 'all') bits = 0xffffffffffffffffn;
  else for (const signal of signals) bits |= 1n << BigInt(signal - 1);
  return struct(8, signals === 'all' ? '{all}' : `{${signals.join(', ')}}`, (view) => setWord(view, 0, bits));
}

/**
 * `struct sigaction` of rt_sigaction(2) as the kernel has it, 32 bytes: no handler, only one of the two fixed actions.
 * @example
 * signalAction('ignore');
 */
export function signalAction(action: 'default' | 'ignore'): Struct {
  const SIG_IGN = 1;
  return struct(32, `{${action}}`, (view) => setWord(view, 0, action === 'ignore' ? SIG_IGN : 0));
}

/** Bytes of the `siginfo_t` that waitid(2) fills. */
export const SIGINFO_LENGTH = 128;

/** How a process ended, out of waitid(2)'s siginfo. */
export type ProcessEnd = { pid: number; exitCode: number } | { pid: number; signal: number };

/**
 * Reads the `siginfo_t` that waitid(2) filled in.
 * @example
 * readSiginfo(outcome.output('end')); // { pid: 4711, exitCode: 0 }
 */
export function readSiginfo(bytes: Uint8Array): ProcessEnd {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const CLD_EXITED = 1;
  const pid = view.getInt32(16, true);
  const status = view.getInt32(24, true);
  return view.getInt32(8, true) === CLD_EXITED ? { pid, exitCode: status } : { pid, signal: status };
}

/** Bytes of `struct rusage`, see getrusage(2). */
export const RUSAGE_LENGTH = 144;

/**
 * Reads what waitid(2) measured of a process and the children it waited for.
 * @returns `cpuUsec` in microseconds, `peakBytes` the largest resident set of one of them
 * @example
 * readRusage(outcome.output('usage')).cpuUsec;
 */
export function readRusage(bytes: Uint8Array): { cpuUsec: bigint; peakBytes: bigint } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const time = (at: number): bigint => view.getBigInt64(at, true) * 1_000_000n + view.getBigInt64(at + 8, true);
  return { cpuUsec: time(0) + time(16), peakBytes: view.getBigInt64(32, true) * 1024n };
}
