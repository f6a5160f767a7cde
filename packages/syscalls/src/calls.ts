import { type Arg, type Flags, flags, type Output, type Result, type Struct } from './arg.ts';
import { AT_FDCWD, FS, FUTEX, MOUNT_ATTR } from './constants.ts';
import { type Purpose, type Step, step } from './step.ts';
import {
  type CloneArgs,
  capData,
  capHeader,
  cloneArgs,
  int32,
  mountAttr,
  openHow,
  rlimit,
  sockFprog,
  stringArray,
} from './structs.ts';

/**
 * One builder for each system call a container is made with: named parts in, a step in the kernel's argument order out.
 * Each links the man page that describes its arguments and errors.
 */

/** Modes of files are read in octal. */
function octal(mode: number): Flags {
  return { kind: 'flags', value: mode, text: mode === 0 ? '0' : `0${mode.toString(8)}` };
}

/** The operation of seccomp(2) that takes a filter. */
const SECCOMP_SET_MODE_FILTER = 1;

/** The fields of statx(2) that stat(2) has as well. */
const STATX_BASIC_STATS = 0x7ff;

/** A longer text is shown by its length. */
const LONGEST_SHOWN = 200;

/** A descriptor: a number, or what an earlier step returned. */
export type Fd = number | Result;

/**
 * Attaches a file system, or changes how one is attached; the old way, by paths.
 * @see mount(2)
 * @example
 * mount({ source: null, target: '/', flags: flags(MS, 'MS_REC', 'MS_PRIVATE') }, 'keep mounts private');
 */
export function mount(
  {
    source,
    target,
    type = null,
    flags = 0,
    data = null,
  }: { source: string | null; target: string; type?: string | null; flags?: Flags | number; data?: string | null },
  purpose: Purpose,
): Step {
  return step('mount', [source, target, type, flags, data], purpose);
}

/**
 * Detaches a file system.
 * @see umount(2)
 * @example
 * umount2({ target: '.', flags: flags(MNT, 'MNT_DETACH') }, 'let go of the old root');
 */
export function umount2({ target, flags = 0 }: { target: string; flags?: Flags | number }, purpose: Purpose): Step {
  return step('umount2', [target, flags], purpose);
}

/**
 * Makes a mount the root and puts the old root elsewhere.
 * @see pivot_root(2)
 * @example
 * pivotRoot({ newRoot: '.', putOld: '.' }, 'make it the root of everything');
 */
export function pivotRoot({ newRoot, putOld }: { newRoot: string; putOld: string }, purpose: Purpose): Step {
  return step('pivot_root', [newRoot, putOld], purpose);
}

/**
 * Changes the root for path look-ups only.
 * @see chroot(2)
 * @example
 * chroot('./rootfs', 'see only the files below it');
 */
export function chroot(path: string, purpose: Purpose): Step {
  return step('chroot', [path], purpose);
}

/**
 * Goes to a directory by path.
 * @see chdir(2)
 * @example
 * chdir('/', 'start at the root');
 */
export function chdir(path: string, purpose: Purpose): Step {
  return step('chdir', [path], purpose);
}

/**
 * Goes to a directory that is open.
 * @see fchdir(2)
 * @example
 * fchdir(resultOf('rootfs'), 'stand in the new root');
 */
export function fchdir(fd: Fd, purpose: Purpose): Step {
  return step('fchdir', [fd], purpose);
}

/**
 * Begins a new, detached file system of a type; give the steps' results to {@link moveMount}.
 * @see fsopen(2) (since Linux 5.2)
 * @example
 * fsopen('tmpfs', { why: 'make a /tmp', result: 'fs' });
 */
export function fsopen(type: string, purpose: Purpose): Step {
  return step('fsopen', [type, flags(FS, 'FSOPEN_CLOEXEC')], purpose);
}

/**
 * Sets an option of a file system begun with {@link fsopen}, or creates it.
 * @see fsconfig(2) (since Linux 5.2)
 * @example
 * fsconfig({ fs: resultOf('fs'), command: flags(FSCONFIG, 'FSCONFIG_SET_STRING'), key: 'size', value: '1m' }, 'make it small');
 */
export function fsconfig(
  {
    fs,
    command,
    key = null,
    value = null,
    aux = 0,
  }: { fs: Fd; command: Flags | number; key?: string | null; value?: string | null; aux?: Fd },
  purpose: Purpose,
): Step {
  return step('fsconfig', [fs, command, key, value, aux], purpose);
}

/**
 * Makes a detached mount of a created file system; `attributes` are MOUNT_ATTR_*.
 * @see fsmount(2) (since Linux 5.2)
 * @example
 * fsmount({ fs: resultOf('fs'), attributes: NO_SUID_DEV_EXEC }, { why: 'make a /tmp', result: 'mount' });
 */
export function fsmount({ fs, attributes = 0 }: { fs: Fd; attributes?: Flags | number }, purpose: Purpose): Step {
  return step('fsmount', [fs, flags(FS, 'FSMOUNT_CLOEXEC'), attributes], purpose);
}

/**
 * Opens the mount of a path, or copies it as a detached one.
 * @see open_tree(2) (since Linux 5.2)
 * @example
 * openTree({ path: '/srv', flags: flags(OPEN_TREE, 'OPEN_TREE_CLONE') }, { why: 'copy it', result: 'mount' });
 */
export function openTree(
  { dir = AT_FDCWD, path, flags }: { dir?: Fd; path: string; flags: Flags | number },
  purpose: Purpose,
): Step {
  return step('open_tree', [dir, path, flags], purpose);
}

/**
 * Attaches a detached mount, or moves an attached one.
 * @see move_mount(2) (since Linux 5.2)
 * @example
 * moveMount({ from: resultOf('mount'), toPath: '/mnt', flags: flags(MOVE_MOUNT, 'MOVE_MOUNT_F_EMPTY_PATH') }, 'attach it');
 */
export function moveMount(
  {
    from,
    fromPath = '',
    to = AT_FDCWD,
    toPath = '',
    flags,
  }: { from: Fd; fromPath?: string; to?: Fd; toPath?: string; flags: Flags | number },
  purpose: Purpose,
): Step {
  return step('move_mount', [from, fromPath, to, toPath, flags], purpose);
}

/**
 * Changes attributes and propagation of a mount, or of all below it; `flags` are AT_EMPTY_PATH and AT_RECURSIVE.
 * @see mount_setattr(2) (since Linux 5.12)
 * @example
 * mountSetattr({ mount: resultOf('mount'), flags: flags(AT, 'AT_EMPTY_PATH'), set: flags(MOUNT_ATTR, 'MOUNT_ATTR_RDONLY') }, 'make it read-only');
 */
export function mountSetattr(
  {
    mount,
    path = '',
    flags,
    ...attributes
  }: { mount: Fd; path?: string; flags: Flags | number } & Parameters<typeof mountAttr>[0],
  purpose: Purpose,
): Step {
  const attr = mountAttr(attributes);
  return step('mount_setattr', [mount, path, flags, attr, attr.bytes.length], purpose);
}

/**
 * Opens a path, with a say in how it is resolved.
 * @see openat2(2) (since Linux 5.6)
 * @example
 * openat2({ dir: resultOf('rootfs'), path: 'etc', flags: flags(OPEN, 'O_PATH'), resolve: flags(RESOLVE, 'RESOLVE_IN_ROOT') }, 'find /etc');
 */
export function openat2(
  {
    dir = AT_FDCWD,
    path,
    flags,
    mode = 0,
    resolve = 0,
  }: { dir?: Fd; path: string; flags: Flags | number; mode?: number; resolve?: Flags | number },
  purpose: Purpose,
): Step {
  const how = openHow({ flags, mode, resolve });
  return step('openat2', [dir, path, how, how.bytes.length], purpose);
}

/**
 * Opens a path, following whatever links there are.
 * @see openat(2)
 * @example
 * openat({ path: '/dev/null', flags: flags(OPEN, 'O_RDWR') }, { why: 'have nothing at hand', result: 'null' });
 */
export function openat(
  { dir = AT_FDCWD, path, flags, mode = 0 }: { dir?: Fd; path: string; flags: Flags | number; mode?: number },
  purpose: Purpose,
): Step {
  return step('openat', [dir, path, flags, octal(mode)], purpose);
}

/**
 * Closes a descriptor.
 * @see close(2)
 * @example
 * close(resultOf('null'), 'done with it');
 */
export function close(fd: Fd, purpose: Purpose): Step {
  return step('close', [fd], purpose);
}

/**
 * Closes all descriptors of a range; all from `first` on if `last` is absent.
 * @see close_range(2) (since Linux 5.9)
 * @example
 * closeRange({ first: 3 }, 'keep only input and output');
 */
export function closeRange(
  { first, last = 0xffffffff, flags = 0 }: { first: number; last?: number; flags?: Flags | number },
  purpose: Purpose,
): Step {
  return step('close_range', [first, last, flags], purpose);
}

/**
 * Makes a descriptor known under another number.
 * @see dup3(2)
 * @example
 * dup3({ from: resultOf('terminal'), to: 0 }, 'make it the input');
 */
export function dup3(
  { from, to, flags = 0 }: { from: Fd; to: number; flags?: Flags | number },
  purpose: Purpose,
): Step {
  return step('dup3', [from, to, flags], purpose);
}

/**
 * Writes text or bytes, in one call.
 * @see write(2)
 * @example
 * write({ fd: resultOf('file'), data: '20' }, 'allow 20 processes');
 */
export function write({ fd, data }: { fd: Fd; data: string | Uint8Array }, purpose: Purpose): Step {
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
  const shown: Struct = {
    kind: 'struct',
    bytes,
    text: typeof data === 'string' && data.length <= LONGEST_SHOWN ? JSON.stringify(data) : `${bytes.length} bytes`,
  };
  return step('write', [fd, shown, bytes.length], purpose);
}

/**
 * Has the kernel copy up to `length` bytes of a file to another, from where both stand.
 * @see sendfile(2)
 * @example
 * sendfile({ from: resultOf('source'), to: resultOf('file'), length: 4096 }, 'copy what it says');
 */
export function sendfile({ from, to, length }: { from: Fd; to: Fd; length: number }, purpose: Purpose): Step {
  return step('sendfile', [to, from, 0, length], purpose);
}

/**
 * Reads into an output of the program.
 * @see read(2)
 * @example
 * read({ fd: resultOf('file'), into: output('text', 512) }, 'learn what it says');
 */
export function read({ fd, into }: { fd: Fd; into: Output }, purpose: Purpose): Step {
  return step('read', [fd, into, into.length], purpose);
}

/**
 * Makes a directory; `mode` (0755 if absent) is taken before the umask.
 * @see mkdirat(2)
 * @example
 * mkdirat({ dir: resultOf('rootfs'), path: 'tmp', mode: 0o1777 }, 'make /tmp');
 */
export function mkdirat(
  { dir = AT_FDCWD, path, mode = 0o755 }: { dir?: Fd; path: string; mode?: number },
  purpose: Purpose,
): Step {
  return step('mkdirat', [dir, path, octal(mode)], purpose);
}

/**
 * Makes a file, pipe or device node; for `device` see {@link deviceNumber}.
 * @see mknodat(2)
 * @example
 * mknodat({ path: 'null', mode: S.S_IFCHR | 0o666, device: deviceNumber(1, 3) }, 'make /dev/null');
 */
export function mknodat(
  { dir = AT_FDCWD, path, mode, device = 0 }: { dir?: Fd; path: string; mode: number; device?: number },
  purpose: Purpose,
): Step {
  return step('mknodat', [dir, path, octal(mode), device], purpose);
}

/**
 * Asks what a file is: `into` is a `struct statx`, see {@link STATX}.
 * @see statx(2) (since Linux 4.11)
 * @example
 * statx({ dir: resultOf('file'), flags: flags(AT, 'AT_EMPTY_PATH'), into: output('stat', STATX.length) }, 'see what it is');
 */
export function statx(
  { dir = AT_FDCWD, path = '', flags = 0, into }: { dir?: Fd; path?: string; flags?: Flags | number; into: Output },
  purpose: Purpose,
): Step {
  return step('statx', [dir, path, flags, STATX_BASIC_STATS, into], purpose);
}

/**
 * Goes on only if a word that an earlier step was told is the expected one, else fails with EAGAIN: no program has an `if`, but the
 * kernel compares the word of a futex before it does anything with it, and here there is nothing for it to do.
 * @param word an output and the byte of it, a multiple of 4, where the 32 bits begin
 * @see futex(2), FUTEX_CMP_REQUEUE
 * @example
 * futex({ word: { ...output('stat', STATX.length), at: STATX.rdevMajor }, expected: 1 }, 'make sure that it is a device of memory');
 */
export function futex({ word, expected }: { word: Output; expected: number }, purpose: Purpose): Step {
  const operation = flags(FUTEX, 'FUTEX_CMP_REQUEUE', 'FUTEX_PRIVATE_FLAG');
  return step('futex', [word, operation, 0, 0, word, expected], purpose);
}

/**
 * Makes a symbolic link.
 * @see symlinkat(2)
 * @example
 * symlinkat({ target: '/proc/self/fd', dir: resultOf('dev'), path: 'fd' }, 'make /dev/fd');
 */
export function symlinkat(
  { target, dir = AT_FDCWD, path }: { target: string; dir?: Fd; path: string },
  purpose: Purpose,
): Step {
  return step('symlinkat', [target, dir, path], purpose);
}

/**
 * Removes a file, or with AT_REMOVEDIR a directory.
 * @see unlinkat(2)
 * @example
 * unlinkat({ path: '/tmp/box', flags: flags(AT, 'AT_REMOVEDIR') }, 'remove it');
 */
export function unlinkat(
  { dir = AT_FDCWD, path, flags = 0 }: { dir?: Fd; path: string; flags?: Flags | number },
  purpose: Purpose,
): Step {
  return step('unlinkat', [dir, path, flags], purpose);
}

/**
 * Gives a file to a user and group.
 * @see fchownat(2)
 * @example
 * fchownat({ dir: resultOf('terminal'), path: '', uid: 0, gid: 5, flags: flags(AT, 'AT_EMPTY_PATH') }, 'give it to root');
 */
export function fchownat(
  {
    dir = AT_FDCWD,
    path,
    uid,
    gid,
    flags = 0,
  }: { dir?: Fd; path: string; uid: number; gid: number; flags?: Flags | number },
  purpose: Purpose,
): Step {
  return step('fchownat', [dir, path, uid, gid, flags], purpose);
}

/**
 * Sets the hostname of the uts namespace.
 * @see sethostname(2)
 * @example
 * sethostname('box', 'give the container its own hostname');
 */
export function sethostname(name: string, purpose: Purpose): Step {
  return step('sethostname', [name, new TextEncoder().encode(name).length], purpose);
}

/**
 * Sets the NIS domain name of the uts namespace.
 * @see setdomainname(2)
 * @example
 * setdomainname('example', 'give the container its own domain name');
 */
export function setdomainname(name: string, purpose: Purpose): Step {
  return step('setdomainname', [name, new TextEncoder().encode(name).length], purpose);
}

/**
 * Moves the calling thread into new namespaces.
 * @see unshare(2)
 * @example
 * unshare(flags(CLONE, 'CLONE_NEWUTS'), 'have a hostname of its own');
 */
export function unshare(flags: Flags | number, purpose: Purpose): Step {
  return step('unshare', [flags], purpose);
}

/**
 * Moves the calling thread into another's namespaces. `fd` is a namespace file, or a pidfd (since Linux 5.8), for which `flags` may name several.
 * @see setns(2)
 * @example
 * setns({ fd: 5, flags: flags(CLONE, 'CLONE_NEWNS', 'CLONE_NEWPID') }, 'enter the container');
 */
export function setns({ fd, flags = 0 }: { fd: Fd; flags?: Flags | number }, purpose: Purpose): Step {
  return step('setns', [fd, flags], purpose);
}

/**
 * Makes a child process; both go on with the next step, see {@link Step.only}.
 * @see clone3(2) (since Linux 5.3)
 * @example
 * clone3({ flags: flags(CLONE, 'CLONE_NEWPID') }, { why: 'make process 1', result: 'init' });
 */
export function clone3(args: CloneArgs, purpose: Purpose): Step {
  const struct = cloneArgs(args);
  return step('clone3', [struct, struct.bytes.length], purpose);
}

/**
 * Becomes another program; a success never returns.
 * @see execve(2)
 * @example
 * execve({ path: '/bin/sh', argv: ['sh'], env: ['PATH=/bin'] }, 'start sh');
 */
export function execve(
  { path, argv, env }: { path: string; argv: readonly string[]; env: readonly string[] },
  purpose: Purpose,
): Step {
  return step('execve', [path, stringArray(argv), stringArray(env)], purpose);
}

/**
 * Changes a property of the process.
 * @see prctl(2)
 * @example
 * prctl(flags(PR, 'PR_SET_NO_NEW_PRIVS'), [1, 0, 0, 0], 'forbid programs to gain rights');
 */
export function prctl(operation: Flags | number, args: readonly Arg[], purpose: Purpose): Step {
  return step('prctl', [operation, ...args], purpose);
}

/**
 * Sets three of the capability sets of the calling thread; bit n is the capability with the number n.
 * @see capset(2)
 * @example
 * capset({ effective: 0n, permitted: 0n, inheritable: 0n }, 'give up every capability');
 */
export function capset(sets: Parameters<typeof capData>[0], purpose: Purpose): Step {
  return step('capset', [capHeader(), capData(sets)], purpose);
}

/**
 * Puts a filter before every system call of the process and of all it starts; it can't be taken away again.
 *
 * Needs no_new_privs, or CAP_SYS_ADMIN in the user namespace of the process. With `SECCOMP_FILTER_FLAG_NEW_LISTENER` the
 * call returns a descriptor.
 * @param instructions BPF instructions, 8 bytes each
 * @see seccomp(2)
 * @example
 * seccomp({ instructions, flags: flags(SECCOMP_FILTER, 'SECCOMP_FILTER_FLAG_LOG') }, 'filter system calls');
 */
export function seccomp(
  { instructions, flags = 0 }: { instructions: Uint8Array; flags?: Flags | number },
  purpose: Purpose,
): Step {
  return step('seccomp', [SECCOMP_SET_MODE_FILTER, flags, sockFprog(instructions)], purpose);
}

/**
 * Loads or attaches a BPF program. A loaded one is a descriptor, close-on-exec.
 * @param call `attr` of {@link bpfProgLoad} or {@link bpfProgAttach}
 * @see bpf(2)
 * @example
 * bpf({ command: flags(BPF, 'BPF_PROG_LOAD'), attr }, { why: 'load the rules for devices', result: 'program' });
 */
export function bpf({ command, attr }: { command: Flags | number; attr: Struct }, purpose: Purpose): Step {
  return step('bpf', [command, attr, attr.bytes.length], purpose);
}

/**
 * Sets a resource limit of the calling process; `resource` is one of RLIMIT.
 * @see prlimit(2)
 * @example
 * prlimit64({ resource: flags(RLIMIT, 'RLIMIT_NOFILE'), soft: 1024, hard: 'max' }, 'limit open files');
 */
export function prlimit64(
  { resource, soft, hard }: { resource: Flags | number } & Parameters<typeof rlimit>[0],
  purpose: Purpose,
): Step {
  return step('prlimit64', [0, resource, rlimit({ soft, hard }), null], purpose);
}

/**
 * Sets the supplementary groups.
 * @see setgroups(2)
 * @example
 * setgroups([], 'belong to no other group');
 */
export function setgroups(gids: readonly number[], purpose: Purpose): Step {
  const bytes = new Uint8Array(Uint32Array.from(gids).buffer);
  return step('setgroups', [gids.length, { kind: 'struct', bytes, text: `[${gids.join(', ')}]` }], purpose);
}

/**
 * Sets real, effective and saved group at once.
 * @see setresgid(2)
 * @example
 * setresgid(1000, 'become the group');
 */
export function setresgid(gid: number, purpose: Purpose): Step {
  return step('setresgid', [gid, gid, gid], purpose);
}

/**
 * Sets real, effective and saved user at once.
 * @see setresuid(2)
 * @example
 * setresuid(1000, 'become the user');
 */
export function setresuid(uid: number, purpose: Purpose): Step {
  return step('setresuid', [uid, uid, uid], purpose);
}

/**
 * Sets which permissions new files never get.
 * @see umask(2)
 * @example
 * umask(0o022, 'let only the owner write');
 */
export function umask(mode: number, purpose: Purpose): Step {
  return step('umask', [octal(mode)], purpose);
}

/**
 * Asks a device for something special.
 * @see ioctl(2)
 * @example
 * ioctl({ fd: 0, request: flags(IOCTL, 'TIOCSCTTY') }, 'make it the controlling terminal');
 */
export function ioctl(
  { fd, request, arg = 0 }: { fd: Fd; request: Flags | number; arg?: Arg },
  purpose: Purpose,
): Step {
  return step('ioctl', [fd, request, arg], purpose);
}

/** Unlocks a pseudo-terminal, so that its other side can be opened. @see pts(4) */
export const UNLOCKED: Struct = int32(0);

/**
 * A device's number as mknod(2) takes it; see makedev(3).
 * @example
 * deviceNumber(1, 3); // /dev/null
 */
export function deviceNumber(major: number, minor: number): number {
  return (((major & 0xfff) << 8) | (minor & 0xff) | ((minor & ~0xff) << 12)) >>> 0;
}

/** Nothing of a file system but its files: no set-user-id, no devices, no programs. */
export const NO_SUID_DEV_EXEC: Flags = flags(MOUNT_ATTR, 'MOUNT_ATTR_NOSUID', 'MOUNT_ATTR_NODEV', 'MOUNT_ATTR_NOEXEC');
