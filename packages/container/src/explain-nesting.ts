import { readFileSync } from 'node:fs';
import { thisHost } from './host.ts';
import { isInOwnUserNamespace } from './own-user-namespace.ts';
import { askForRights, doWithoutRights, lackingRights, type RightOfRoot } from './rights-of-root.ts';

/** The parts of a refused step by which its reason is found. */
interface Refused {
  syscall: string;
  code: string | undefined;
  why: string;
}

const FILTERED =
  'a filter of system calls forbids it, as inside another container: start the container around this with --security-opt seccomp=unconfined';

/**
 * What a refusal means that is usual inside another container, where filters, masks and missing capabilities are in the way, and
 * what helps.
 * @returns `undefined` when the step was refused for another reason
 */
export function explainNesting(refused: Refused): string | undefined {
  const { syscall, code, why } = refused;
  if (syscall === 'clone3') return explainBirth(code);
  if (code !== 'EPERM') return undefined;
  if (syscall === 'ioctl' && why.includes('127.0.0.1'))
    return `${lacks(['NET_ADMIN'])}: ${askForRights(['NET_ADMIN'])}, or use --network host`;
  if (syscall === 'mknodat') return explainNodes();
  return syscall === 'sethostname' ? FILTERED : undefined;
}

function explainBirth(code: string | undefined): string | undefined {
  if (code === 'ENOSYS')
    return 'a filter of system calls hides it, as inside a container, or this is no Linux 5.9 yet: `coracle doctor` tells which';
  if (code !== 'EPERM' && code !== 'EACCES') return undefined;
  if (readSetting('/proc/sys/kernel/apparmor_restrict_unprivileged_userns') === '1')
    return 'AppArmor restricts user namespaces: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0';
  const lacking = process.geteuid?.() === 0 ? rootLacks() : [];
  if (lacking.includes('SYS_ADMIN'))
    // In a user namespace that somebody made even all capabilities are not enough, see below.
    return `${lacks(lacking)}: ${doWithoutRights()}${isInOwnUserNamespace() ? '' : `, or ${askForRights(lacking)}`}`;
  return 'namespaces are not allowed here (inside another container?); `coracle doctor` looks for the reason';
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
