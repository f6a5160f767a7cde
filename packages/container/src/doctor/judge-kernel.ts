import { isMountCall } from '@coracle/chroot-fs';
import { NAMESPACE_TYPES, type NamespaceType } from '@coracle/namespaces';
import { isAtLeast, type KernelVersion, kernelVersion } from '@coracle/syscalls';
import { LANDLOCK_WITH_REFER, LANDLOCK_WITH_SCOPES } from '../landlock/plan-landlock.ts';
import { MOUNTS_BY_DESCRIPTOR } from '../mount-calls.ts';
import { type Check, check } from './check.ts';
import type { HostFacts } from './host-facts.ts';

/** The first with close_range(2), the newest call Coracle cannot do without. */
const OLDEST: KernelVersion = { major: 5, minor: 9 };

/** The first with Landlock. */
const LANDLOCK: KernelVersion = { major: 5, minor: 13 };

/** What the older mount calls do not do; the end of a sentence. */
const LESS = 'mounts are made with the older calls: ids of files cannot be mapped, nor volumes be slave or shared';

/** Those every container has; the others are used when asked for. */
const ESSENTIAL: readonly NamespaceType[] = ['mount', 'pid', 'uts', 'ipc', 'network'];

/** The kernel's version. */
export function judgeKernel({ kernel }: Pick<HostFacts, 'kernel'>): Check {
  const version = versionOf(kernel);
  const isOld = !isAtLeast(version, MOUNTS_BY_DESCRIPTOR);
  const status = !isAtLeast(version, OLDEST) ? 'missing' : isOld ? 'warning' : 'ok';
  const found = status === 'warning' ? `Linux ${kernel}: ${LESS}` : `Linux ${kernel}`;
  const fix = status === 'ok' ? undefined : 'install a newer kernel, as of Debian 12, Ubuntu 22.04, Fedora 34 or later';
  return check('kernel', `Linux ${shown(OLDEST)} or newer, better ${shown(MOUNTS_BY_DESCRIPTOR)}`, {
    status,
    found,
    fix,
  });
}

/** What gives no release of Linux is as good as the oldest. */
function versionOf(kernel: string): KernelVersion {
  return /^\d+\.\d/.test(kernel) ? kernelVersion(kernel) : { major: 0, minor: 0 };
}

function shown({ major, minor }: KernelVersion): string {
  return `${major}.${minor}`;
}

/** The system calls. One that a new enough kernel does not know is hidden by the filter of a container around us. */
export function judgeCalls({ kernel, absentCalls }: Pick<HostFacts, 'kernel' | 'absentCalls'>): Check {
  const needed = 'the calls that make containers: clone3, openat2, the mount calls by descriptor, pidfds';
  if (absentCalls.length === 0) return check('system calls', needed, { status: 'ok', found: 'all are there' });
  const hasOlder = absentCalls.every(isMountCall);
  const refused = `not to be had here: ${absentCalls.join(', ')}`;
  const fix = isAtLeast(versionOf(kernel), MOUNTS_BY_DESCRIPTOR)
    ? 'a seccomp filter hides them: start the container around this with --security-opt seccomp=unconfined'
    : undefined;
  return check('system calls', needed, {
    status: hasOlder ? 'warning' : 'missing',
    found: hasOlder ? `${refused}; ${LESS}` : refused,
    fix,
  });
}

/** The kinds of namespace the kernel was built with. */
export function judgeNamespaces({ namespaces }: Pick<HostFacts, 'namespaces'>): Check {
  const absent = NAMESPACE_TYPES.filter((type) => !namespaces.includes(type));
  const lacksEssential = absent.some((type) => ESSENTIAL.includes(type));
  const needed = `the namespaces ${ESSENTIAL.join(', ')}; user for ordinary users; cgroup and time if asked for`;
  if (absent.length === 0) return check('namespaces', needed, { status: 'ok', found: NAMESPACE_TYPES.join(', ') });
  const found = `the kernel was built without ${absent.join(', ')} namespaces`;
  return check('namespaces', needed, { status: lacksEssential ? 'missing' : 'warning', found });
}

/** Filters of system calls. */
export function judgeSeccomp({ settings: { seccompActions } }: Pick<HostFacts, 'settings'>): Check {
  const needed = 'seccomp filters that can answer with an error, for the default profile';
  if (seccompActions === undefined)
    return check('seccomp', needed, { status: 'missing', found: 'the kernel was built without CONFIG_SECCOMP_FILTER' });
  const actions = seccompActions.trim().split(/\s+/);
  const status = actions.includes('errno') && actions.includes('allow') ? 'ok' : 'missing';
  return check('seccomp', needed, { status, found: `actions ${actions.join(', ')}` });
}

/** Landlock, which containers use where they can. */
export function judgeLandlock({ landlock, kernel }: Pick<HostFacts, 'landlock' | 'kernel'>): Check {
  const needed = `Landlock ${LANDLOCK_WITH_REFER} (Linux 5.19) for --security-opt landlock=files, ${LANDLOCK_WITH_SCOPES} (6.12) to keep --network host from abstract sockets`;
  if (landlock === 0 && !isAtLeast(versionOf(kernel), LANDLOCK))
    return check('Landlock', needed, { status: 'warning', found: `none: it came with Linux ${shown(LANDLOCK)}` });
  if (landlock === 0)
    return check('Landlock', needed, {
      status: 'warning',
      found: 'none: the kernel was built without it, or it is not switched on',
      fix: 'add landlock to the list lsm= of the kernel command line; without that list it is on where it was built in',
    });
  const can = [
    ...(landlock >= LANDLOCK_WITH_REFER ? ['files'] : []),
    ...(landlock >= LANDLOCK_WITH_SCOPES ? ['abstract sockets', 'signals'] : []),
  ];
  const found = `version ${landlock}, for ${can.join(', ') || 'nothing that is used here'}`;
  return check('Landlock', needed, { status: can.length > 0 ? 'ok' : 'warning', found });
}

/** Security modules: those there are, and whether AppArmor has the profile for containers. */
export function judgeLsm({
  settings: { lsm },
  apparmor,
  selinux,
}: Pick<HostFacts, 'settings' | 'apparmor' | 'selinux'>): Check {
  const needed = 'none; AppArmor and SELinux can be a second wall';
  const found = [
    lsm === undefined ? 'not all visible (securityfs is not mounted)' : lsm.trim().replaceAll(',', ', '),
    ...(apparmor ? [describeApparmor(apparmor)] : []),
    ...(selinux ? ['SELinux is at work: --security-opt label=type:TYPE'] : []),
  ].join('; ');
  const lacksProfile = apparmor !== undefined && apparmor.ownProfile === undefined && !apparmor.hasDefaultProfile;
  const fix = lacksProfile ? INSTALL_PROFILE : undefined;
  return check('security modules', needed, { status: lacksProfile ? 'warning' : 'ok', found, fix });
}

const INSTALL_PROFILE = 'coracle apparmor | sudo tee /etc/apparmor.d/coracle-default | sudo apparmor_parser -r';

function describeApparmor({ ownProfile, hasDefaultProfile }: NonNullable<HostFacts['apparmor']>): string {
  if (ownProfile !== undefined) return `AppArmor has this process, and so containers, under its profile ${ownProfile}`;
  return hasDefaultProfile
    ? 'AppArmor has the profile coracle-default, which containers are under'
    : 'AppArmor has no profile coracle-default, so containers are under none';
}
