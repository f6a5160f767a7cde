import { readFileSync } from 'node:fs';
import { isAtLeast, kernelRelease, kernelVersion } from '@coracle/syscalls';
import { mayBeForbidden as mayBeForbiddenHere } from '../doctor/probe-calls.ts';
import { thisHost } from '../host.ts';
import { isInOwnUserNamespace } from '../ids/own-user-namespace.ts';
import { askForRights, doWithoutRights, lackingRights, type RightOfRoot } from '../ids/rights-of-root.ts';

/** The parts of a refused step by which its reason is found. */
interface Refused {
  syscall: string;
  code: string | undefined;
  why: string;
}

const UNFILTERED = 'start the container around this with --security-opt seccomp=unconfined';
const FILTERED = `a filter of system calls forbids it, as inside another container: ${UNFILTERED}`;
/** Nothing is made in such a directory, and such a file is not opened for writing; see ioctl_iflags(2). */
const IMMUTABLE =
  'something on the way, or its file system, does not allow that even to root: take the attribute immutable away from what is in the way (lsattr, chattr -i)';
/** Calls that the kernel refuses nobody for want of rights, as they are used here; a filter may, as of runtimes older than them. */
const NEEDS_NO_RIGHTS = new Set(['close_range', 'openat2', 'pidfd_open', 'renameat2', 'statx']);
/** Those of them that make or open something. */
const ON_FILES = new Set(['openat2', 'renameat2']);
/** With clone3, without which no container is made. */
const OLDEST_KERNEL = { major: 5, minor: 9 };

/**
 * What a refusal means that is usual inside another container, where filters, masks and missing capabilities are in the way, and
 * what helps.
 * @param mayBeForbidden whether a filter around this process may have answered EPERM to a call; a parameter for tests
 * @returns `undefined` when the step was refused for another reason
 */
export function explainNesting(
  refused: Refused,
  mayBeForbidden: (call: string) => boolean = mayBeForbiddenHere,
): string | undefined {
  const { syscall, code, why } = refused;
  if (syscall === 'clone3') return explainBirth(code);
  if (NEEDS_NO_RIGHTS.has(syscall) && !why.startsWith('set ')) {
    if (code === 'EPERM') return mayBeForbidden(syscall) ? FILTERED : ON_FILES.has(syscall) ? IMMUTABLE : undefined;
    return code === 'ENOSYS' ? explainHidden() : undefined;
  }
  if (code !== 'EPERM') return undefined;
  if (syscall === 'ioctl' && why.includes('127.0.0.1'))
    return `${lacks(['NET_ADMIN'])}: ${askForRights(['NET_ADMIN'])}, or use --network host`;
  if (syscall === 'mknodat') return explainNodes();
  return (syscall === 'sethostname' || syscall === 'pivot_root') && mayBeForbidden(syscall) ? FILTERED : undefined;
}

function explainBirth(code: string | undefined): string | undefined {
  if (code === 'ENOSYS') return explainHidden();
  if (code !== 'EPERM' && code !== 'EACCES') return undefined;
  if (readSetting('/proc/sys/kernel/apparmor_restrict_unprivileged_userns') === '1')
    return 'AppArmor restricts user namespaces: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0';
  const lacking = process.geteuid?.() === 0 ? rootLacks() : [];
  if (lacking.includes('SYS_ADMIN'))
    // In a user namespace that somebody made even all capabilities are not enough, see below.
    return `${lacks(lacking)}: ${doWithoutRights()}${isInOwnUserNamespace() ? '' : `, or ${askForRights(lacking)}`}`;
  return 'namespaces are not allowed here (inside another container?); `coracle doctor` looks for the reason';
}

/** Docker's filter says ENOSYS of clone3. */
function explainHidden(): string {
  const release = kernelRelease();
  if (!isAtLeast(kernelVersion(release), OLDEST_KERNEL))
    return `this is Linux ${release}: Coracle needs ${OLDEST_KERNEL.major}.${OLDEST_KERNEL.minor} or later`;
  return `a filter of system calls hides it, as inside another container: ${UNFILTERED}`;
}

/** The kernel lets only the root of the first user namespace make nodes; see mknod(2). */
function explainNodes(): string {
  if (isInOwnUserNamespace())
    return `root of a user namespace, as in a container of rootless podman, can make no device nodes: ${doWithoutRights()}`;
  return rootLacks().includes('MKNOD')
    ? `${lacks(['MKNOD'])}: ${askForRights(['MKNOD'])}, or ${doWithoutRights()}`
    : `the rules for devices of the cgroup around this forbid it: ${doWithoutRights()}, or start the container around this with --privileged`;
}

function rootLacks(): RightOfRoot[] {
  return lackingRights(thisHost().capabilities(false).available);
}

function lacks(rights: readonly RightOfRoot[]): string {
  return `this root lacks the ${rights.length === 1 ? 'capability' : 'capabilities'} ${rights.join(', ')} (inside another container?)`;
}

function readSetting(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    // A setting that this kernel does not have restricts nothing.
    return undefined;
  }
}
