import { accessSync, constants, lstatSync, readFileSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { availableCapabilities } from '@coracle/capabilities';
import { detect } from '@coracle/cgroups';
import { isErrno } from '@coracle/errors';
import { NAMESPACE_TYPES, namespaceInode } from '@coracle/namespaces';
import { landlockVersion, runLocally, step } from '@coracle/syscalls';
import { findProgram } from '../find-program.ts';
import { isInOwnUserNamespace } from '../ids/own-user-namespace.ts';
import { lackingRights } from '../ids/rights-of-root.ts';
import { HostModules } from '../labels/security-modules.ts';
import { defaultStateRoot } from '../state/state-root.ts';
import type { Distribution, HelperFacts, HostFacts } from './host-facts.ts';
import { absentCalls } from './probe-calls.ts';
import { probeNamespaces } from './probe-namespaces.ts';

/** Where things lie, when not where they usually do. */
export interface GatherOptions {
  /** Where the state of containers is to be kept; the default of this user if absent. */
  stateRoot?: string;
}

/**
 * Looks at this machine and tries what containers need. Nothing is changed; the processes and namespaces of the attempts are gone
 * afterwards.
 * @throws UnsupportedPlatformError elsewhere than on Linux with glibc
 * @example
 * const { userNamespace } = await gatherFacts();
 */
export async function gatherFacts(options: GatherOptions = {}): Promise<HostFacts> {
  const uid = process.geteuid?.() ?? 0;
  const gid = process.getegid?.() ?? 0;
  const { hasApparmor, ownProfile, hasDefaultProfile, hasSelinux } = new HostModules();
  return {
    kernel: process.getBuiltinModule('node:os').release(),
    distribution: distributionOf(read('/etc/os-release') ?? ''),
    user: { uid, gid, name: userName(uid) },
    lackingRights: uid === 0 ? lackingRights(availableCapabilities().available) : [],
    inUserNamespace: isInOwnUserNamespace(),
    uidMap: read('/proc/self/uid_map') ?? '',
    gidMap: read('/proc/self/gid_map') ?? '',
    noNewPrivileges: /^NoNewPrivs:\s*1$/m.test(read('/proc/self/status') ?? ''),
    absentCalls: absentCalls(),
    namespaces: NAMESPACE_TYPES.filter((type) => namespaceInode('self', type) !== undefined),
    ...(await probeNamespaces({ uid, gid })),
    landlock: landlockVersion(),
    settings: {
      maxUserNamespaces: readSetting('/proc/sys/user/max_user_namespaces'),
      unprivilegedUsernsClone: readSetting('/proc/sys/kernel/unprivileged_userns_clone'),
      apparmorRestrictsUserns: readSetting('/proc/sys/kernel/apparmor_restrict_unprivileged_userns'),
      memfdNoexec: readSetting('/proc/sys/vm/memfd_noexec'),
      seccompActions: readSetting('/proc/sys/kernel/seccomp/actions_avail'),
      lsm: readSetting('/sys/kernel/security/lsm'),
    },
    apparmor: hasApparmor ? { ownProfile, hasDefaultProfile } : undefined,
    selinux: hasSelinux,
    subuid: read('/etc/subuid') ?? '',
    subgid: read('/etc/subgid') ?? '',
    newuidmap: findHelper('newuidmap'),
    newgidmap: findHelper('newgidmap'),
    cgroup: detect(),
    state: stateFacts(options.stateRoot ?? defaultStateRoot(uid), uid),
  };
}

/** @returns `undefined` for a file that is not there or not for this user */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EACCES', 'EPERM', 'ENOTDIR', 'EINVAL')) return undefined;
    throw error;
  }
}

function readSetting(path: string): string | undefined {
  return read(path)?.trim();
}

function canWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    // Whatever the reason, it cannot be written.
    return false;
  }
}

/**
 * The family by the names in /etc/os-release.
 * @see os-release(5)
 */
export function distributionOf(osRelease: string): Distribution {
  const names = [...osRelease.matchAll(/^ID(?:_LIKE)?=(.*)$/gm)].flatMap(([, value]) =>
    (value ?? '').replaceAll('"', '').split(' '),
  );
  if (names.some((name) => name === 'debian' || name === 'ubuntu')) return 'debian';
  if (names.some((name) => name === 'fedora' || name === 'rhel' || name === 'centos')) return 'fedora';
  return 'other';
}

function userName(uid: number): string {
  try {
    return process.getBuiltinModule('node:os').userInfo().username;
  } catch {
    // An id without an entry in the password file has no name.
    return String(uid);
  }
}

function findHelper(name: string): HelperFacts | undefined {
  const S_ISUID = 0o4000;
  const path = findProgram(name, process.env['PATH']);
  if (path === undefined) return undefined;
  const { uid, mode } = statSync(path);
  return { path, privileged: (uid === 0 && (mode & S_ISUID) !== 0) || hasFileCapabilities(path) };
}

/** Fedora gives newuidmap(1) capabilities in place of the set-user-id bit; see capabilities(7), getxattr(2). */
function hasFileCapabilities(path: string): boolean {
  const why = `look at the capabilities of ${path}`;
  const outcome = runLocally([
    step('getxattr', [path, 'security.capability', null, 0], { why, result: 'size', tolerate: 'any' }),
  ]);
  return (outcome.result('size') ?? 0) > 0;
}

/** Looks no further than the nearest directory there is: making the others is for when they are needed. */
function stateFacts(path: string, uid: number): HostFacts['state'] {
  const stats = statIfThere(path);
  if (stats) {
    const isOurs = stats.isDirectory() && stats.uid === uid && (stats.mode & 0o022) === 0;
    return { path, refusal: isOurs ? undefined : 'belongs to somebody else, or others can write to it' };
  }
  let parent = dirname(path);
  while (parent !== dirname(parent) && !statIfThere(parent)) parent = dirname(parent);
  if (!statSync(parent, { throwIfNoEntry: false })?.isDirectory())
    return { path, refusal: `${parent} is no directory` };
  return { path, refusal: canWrite(parent) ? undefined : `${parent} cannot be written` };
}

function statIfThere(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return undefined;
    throw error;
  }
}
