import { type Arg, type Flags, flags, type Output, type Result, type Struct } from './arg.ts';
import { AT_FDCWD, FS, MOUNT_ATTR } from './constants.ts';
import { type Purpose, type Step, step } from './step.ts';
import { type CloneArgs, cloneArgs, int32, mountAttr, openHow, rlimit, stringArray } from './structs.ts';

/**
 * One builder for each system call a container is made with: named parts in, a step in the kernel's argument order out.
 * Each links the man page that describes its arguments and errors.
 */

/** A longer text is shown by its length. */
const LONGEST_SHOWN = 200;

/** A descriptor: a number, or what an earlier step returned. */
export type Fd = number | Result;

/** @see mount(2) */
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

/** @see umount(2) */
export function umount2({ target, flags = 0 }: { target: string; flags?: Flags | number }, purpose: Purpose): Step {
  return step('umount2', [target, flags], purpose);
}

/** @see pivot_root(2) */
export function pivotRoot({ newRoot, putOld }: { newRoot: string; putOld: string }, purpose: Purpose): Step {
  return step('pivot_root', [newRoot, putOld], purpose);
}

/** @see chroot(2) */
export function chroot(path: string, purpose: Purpose): Step {
  return step('chroot', [path], purpose);
}

/** @see chdir(2) */
export function chdir(path: string, purpose: Purpose): Step {
  return step('chdir', [path], purpose);
}

/** @see fchdir(2) */
export function fchdir(fd: Fd, purpose: Purpose): Step {
  return step('fchdir', [fd], purpose);
}

/** A new, detached file system of a type; give the steps' results to {@link moveMount}. @see fsopen(2) */
export function fsopen(type: string, purpose: Purpose): Step {
  return step('fsopen', [type, flags(FS, 'FSOPEN_CLOEXEC')], purpose);
}

/** @see fsconfig(2) */
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

/** @param call `attributes` are MOUNT_ATTR_* @see fsmount(2) */
export function fsmount({ fs, attributes = 0 }: { fs: Fd; attributes?: Flags | number }, purpose: Purpose): Step {
  return step('fsmount', [fs, flags(FS, 'FSMOUNT_CLOEXEC'), attributes], purpose);
}

/** @see open_tree(2) */
export function openTree(
  { dir = AT_FDCWD, path, flags }: { dir?: Fd; path: string; flags: Flags | number },
  purpose: Purpose,
): Step {
  return step('open_tree', [dir, path, flags], purpose);
}

/** @see move_mount(2) */
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

/** @param call `flags` are AT_EMPTY_PATH, AT_RECURSIVE; the attributes as in mountAttr @see mount_setattr(2) */
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

/** @see openat2(2) */
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

/** @see openat(2) */
export function openat(
  { dir = AT_FDCWD, path, flags, mode = 0 }: { dir?: Fd; path: string; flags: Flags | number; mode?: number },
  purpose: Purpose,
): Step {
  return step('openat', [dir, path, flags, mode], purpose);
}

/** @see close(2) */
export function close(fd: Fd, purpose: Purpose): Step {
  return step('close', [fd], purpose);
}

/** @see close_range(2) */
export function closeRange(
  { first, last = 0xffffffff, flags = 0 }: { first: number; last?: number; flags?: Flags | number },
  purpose: Purpose,
): Step {
  return step('close_range', [first, last, flags], purpose);
}

/** @see dup3(2) */
export function dup3(
  { from, to, flags = 0 }: { from: Fd; to: number; flags?: Flags | number },
  purpose: Purpose,
): Step {
  return step('dup3', [from, to, flags], purpose);
}

/** @see write(2) */
export function write({ fd, data }: { fd: Fd; data: string | Uint8Array }, purpose: Purpose): Step {
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
  const shown: Struct = {
    kind: 'struct',
    bytes,
    text: typeof data === 'string' && data.length <= LONGEST_SHOWN ? JSON.stringify(data) : `${bytes.length} bytes`,
  };
  return step('write', [fd, shown, bytes.length], purpose);
}

/** @see read(2) */
export function read({ fd, into }: { fd: Fd; into: Output }, purpose: Purpose): Step {
  return step('read', [fd, into, into.length], purpose);
}

/** @param call `mode` of the new directory, before the umask @see mkdirat(2) */
export function mkdirat(
  { dir = AT_FDCWD, path, mode = 0o755 }: { dir?: Fd; path: string; mode?: number },
  purpose: Purpose,
): Step {
  return step('mkdirat', [dir, path, mode], purpose);
}

/** @param call `device` is the type of device with its numbers, see {@link deviceNumber} @see mknodat(2) */
export function mknodat(
  { dir = AT_FDCWD, path, mode, device = 0 }: { dir?: Fd; path: string; mode: number; device?: number },
  purpose: Purpose,
): Step {
  return step('mknodat', [dir, path, mode, device], purpose);
}

/** @see symlinkat(2) */
export function symlinkat(
  { target, dir = AT_FDCWD, path }: { target: string; dir?: Fd; path: string },
  purpose: Purpose,
): Step {
  return step('symlinkat', [target, dir, path], purpose);
}

/** @param call `flags` AT_REMOVEDIR removes a directory @see unlinkat(2) */
export function unlinkat(
  { dir = AT_FDCWD, path, flags = 0 }: { dir?: Fd; path: string; flags?: Flags | number },
  purpose: Purpose,
): Step {
  return step('unlinkat', [dir, path, flags], purpose);
}

/** @see fchownat(2) */
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

/** @see sethostname(2) */
export function sethostname(name: string, purpose: Purpose): Step {
  return step('sethostname', [name, new TextEncoder().encode(name).length], purpose);
}

/** @see setdomainname(2) */
export function setdomainname(name: string, purpose: Purpose): Step {
  return step('setdomainname', [name, new TextEncoder().encode(name).length], purpose);
}

/** @see unshare(2) */
export function unshare(flags: Flags | number, purpose: Purpose): Step {
  return step('unshare', [flags], purpose);
}

/** @param call `fd` is a namespace file or a pidfd (then `flags` may name several namespaces, since Linux 5.8) @see setns(2) */
export function setns({ fd, flags = 0 }: { fd: Fd; flags?: Flags | number }, purpose: Purpose): Step {
  return step('setns', [fd, flags], purpose);
}

/** @see clone3(2) */
export function clone3(args: CloneArgs, purpose: Purpose): Step {
  const struct = cloneArgs(args);
  return step('clone3', [struct, struct.bytes.length], purpose);
}

/** @see execve(2) */
export function execve(
  { path, argv, env }: { path: string; argv: readonly string[]; env: readonly string[] },
  purpose: Purpose,
): Step {
  return step('execve', [path, stringArray(argv), stringArray(env)], purpose);
}

/** @see prctl(2) */
export function prctl(operation: Flags | number, args: readonly Arg[], purpose: Purpose): Step {
  return step('prctl', [operation, ...args], purpose);
}

/** @param call `resource` is one of RLIMIT @see prlimit(2) */
export function prlimit64(
  { resource, soft, hard }: { resource: Flags | number } & Parameters<typeof rlimit>[0],
  purpose: Purpose,
): Step {
  return step('prlimit64', [0, resource, rlimit({ soft, hard }), null], purpose);
}

/** @see setgroups(2) */
export function setgroups(gids: readonly number[], purpose: Purpose): Step {
  const bytes = new Uint8Array(Uint32Array.from(gids).buffer);
  return step('setgroups', [gids.length, { kind: 'struct', bytes, text: `[${gids.join(', ')}]` }], purpose);
}

/** Real, effective and saved group at once. @see setresgid(2) */
export function setresgid(gid: number, purpose: Purpose): Step {
  return step('setresgid', [gid, gid, gid], purpose);
}

/** Real, effective and saved user at once. @see setresuid(2) */
export function setresuid(uid: number, purpose: Purpose): Step {
  return step('setresuid', [uid, uid, uid], purpose);
}

/** @see umask(2) */
export function umask(mode: number, purpose: Purpose): Step {
  return step('umask', [{ kind: 'flags', value: mode, text: `0${mode.toString(8)}` }], purpose);
}

/** @see ioctl(2) */
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
