import { type Limits, memoryLimits } from '@coracle/cgroups';
import type { Config, Seccomp } from '@coracle/oci-spec';
import { isDefaultProfile, loggedBy } from './config/config-security.ts';
import type { UserIds } from './ids/user-namespace.ts';
import type { SecurityModules } from './labels/security-modules.ts';
import type { Landlock } from './landlock/plan-landlock.ts';
import type { MountCalls } from './mount-calls.ts';

/** What was really in force around a container: asked for and done, not merely asked for. */
export interface Isolation {
  /** The namespaces it had of its own, by their OCI names. */
  namespaces: readonly string[];
  /** Whose user ids it had. */
  userIds: UserIds;
  /** `'host'`, or the directory; `overlay` when its changes were thrown away. */
  root: string;
  readOnlyRoot: boolean;
  network: 'none' | 'host';
  noNewPrivileges: boolean;
  /** The capabilities a program of root has; one of another user has none. */
  capabilities: readonly string[];
  /** The filter of system calls. */
  seccomp: 'default' | 'log' | 'custom' | 'unconfined';
  /** What Landlock kept it from: `files` of others, whatever the mounts say; abstract sockets and signals to others (`scopes`). */
  landlock: readonly ('files' | 'scopes')[];
  /** The AppArmor profile, Coracle's own where none was set, or `'unconfined'`; `undefined` where AppArmor is not at work. */
  apparmor: string | undefined;
  /** The SELinux label that was set; `undefined` where none was. */
  selinux: string | undefined;
  maskedPaths: readonly string[];
  readonlyPaths: readonly string[];
  /** Limits that the kernel enforced, memory in bytes. */
  limits: { [limit in 'pids' | 'memory' | 'memoryWithSwap' | 'cpus']?: number | 'max' };
  /** Each limit that was wanted by default but could not be had, and the reason; `landlock` where that was asked for. */
  missing: readonly { what: string; reason: string; fix: string | undefined }[];
  cgroup: 'v1' | 'v2' | 'hybrid' | 'none';
  /** Where the agent ran from; `'file'` where the kernel forbids executable memory files. */
  agent: 'memfd' | 'file';
  /** How its mounts were made: by descriptor; `'path'` where the kernel, or a filter, has only the older calls. */
  mountCalls: MountCalls;
}

/** Limits in numbers, for JSON has no others; those on memory are all small enough (see `config-limits.ts`). */
export function reportedLimits(limits: Limits): Isolation['limits'] {
  const { memory: _, ...others } = limits;
  const { max, maxWithSwap } = memoryLimits(limits);
  return {
    ...others,
    ...(max === undefined ? {} : { memory: inNumbers(max) }),
    ...(maxWithSwap === undefined ? {} : { memoryWithSwap: inNumbers(maxWithSwap) }),
  };
}

function inNumbers(bytes: bigint | 'max'): number | 'max' {
  return bytes === 'max' ? bytes : Number(bytes);
}

/** The same of Landlock. */
export function landlockedBy(landlock: Landlock | undefined): Isolation['landlock'] {
  return [...(landlock?.files ? ['files' as const] : []), ...(landlock?.scoped ? ['scopes' as const] : [])];
}

function kindOf(profile: Seccomp | undefined): Isolation['seccomp'] {
  if (profile === undefined) return 'unconfined';
  if (isDefaultProfile(profile)) return 'default';
  return loggedBy(profile) ? 'log' : 'custom';
}

/** The part of the isolation that the configuration decides, and what of the caller's the program keeps. */
export function isolationOf(
  config: Config,
  { hasApparmor, ownProfile }: Pick<SecurityModules, 'hasApparmor' | 'ownProfile'>,
): Omit<Isolation, 'userIds' | 'root' | 'landlock' | 'limits' | 'missing' | 'cgroup' | 'agent' | 'mountCalls'> {
  const namespaces = (config.linux?.namespaces ?? []).map(({ type }) => type);
  const seccomp = config.linux?.seccomp;
  return {
    namespaces,
    readOnlyRoot: config.root?.readonly === true,
    network: namespaces.includes('network') ? 'none' : 'host',
    noNewPrivileges: config.process?.noNewPrivileges === true,
    capabilities: config.process?.capabilities?.bounding ?? [],
    seccomp: kindOf(seccomp),
    apparmor: config.process?.apparmorProfile ?? (hasApparmor ? (ownProfile ?? 'unconfined') : undefined),
    selinux: config.process?.selinuxLabel,
    maskedPaths: config.linux?.maskedPaths ?? [],
    readonlyPaths: config.linux?.readonlyPaths ?? [],
  };
}
