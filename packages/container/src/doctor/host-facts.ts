import type { Machine } from '@coracle/cgroups';
import type { ErrnoName } from '@coracle/errors';
import type { NamespaceType } from '@coracle/namespaces';
import type { RightOfRoot } from '../ids/rights-of-root.ts';

/** What came of trying something: done, or the call that was refused. */
export type Attempt = { ok: true } | { ok: false; syscall: string; code: ErrnoName };

/** The families of distributions that differ in the names of packages and commands. */
export type Distribution = 'debian' | 'fedora' | 'other';

/** What can be said of a helper program such as newuidmap(1). */
export interface HelperFacts {
  path: string;
  /** It has the set-user-id bit of root, or file capabilities. */
  privileged: boolean;
}

/**
 * All that the judgements of `doctor` rest on, so that each can be tested without the machine. A setting that this kernel does
 * not have is `undefined`.
 */
export interface HostFacts {
  /** As uname(2) gives it: `'6.1.0-18-amd64'`. */
  kernel: string;
  distribution: Distribution;
  user: { uid: number; gid: number; name: string };
  /** What root's containers need of capabilities and this root lacks, as in another container; nothing for others. */
  lackingRights: readonly RightOfRoot[];
  /** Somebody made the user namespace that this is in, as that of a rootless container. */
  inUserNamespace: boolean;
  /** The texts of /proc/self/uid_map and gid_map; empty where they are not to be had. */
  uidMap: string;
  gidMap: string;
  /** no_new_privs is set, so that set-user-id programs have no effect. */
  noNewPrivileges: boolean;
  /** The calls Coracle makes that answered "no such call", and mount calls that a filter forbids. */
  absentCalls: readonly string[];
  /** The kinds of namespace the kernel has. */
  namespaces: readonly NamespaceType[];
  /** Starting the agent, and where its code ran from. */
  agent: Attempt & { image?: 'memfd' | 'file' };
  /** Making all namespaces with root's own rights; `undefined` for others, who have none. */
  rootNamespaces: Attempt | undefined;
  /** Making a user namespace and using the rights one has in it. */
  userNamespace: Attempt;
  /** Mounting a new proc in that user namespace. */
  proc: Attempt;
  /** Mounting an overlay in that user namespace. */
  overlay: Attempt;
  /** The version of Landlock; 0 for none. */
  landlock: number;
  settings: {
    /** user.max_user_namespaces */
    maxUserNamespaces: string | undefined;
    /** kernel.unprivileged_userns_clone, which Debian's kernels have */
    unprivilegedUsernsClone: string | undefined;
    /** kernel.apparmor_restrict_unprivileged_userns, which Ubuntu's have */
    apparmorRestrictsUserns: string | undefined;
    /** vm.memfd_noexec */
    memfdNoexec: string | undefined;
    /** kernel.seccomp.actions_avail */
    seccompActions: string | undefined;
    /** /sys/kernel/security/lsm */
    lsm: string | undefined;
  };
  /**
   * AppArmor, where it is at work: the profile this process is under, if any, and whether that for containers is loaded, as far
   * as this user can see.
   */
  apparmor: { ownProfile: string | undefined; hasDefaultProfile: boolean } | undefined;
  /** SELinux is at work. */
  selinux: boolean;
  /** The texts of /etc/subuid and /etc/subgid. */
  subuid: string;
  subgid: string;
  newuidmap: HelperFacts | undefined;
  newgidmap: HelperFacts | undefined;
  /** What `run` finds of cgroups, see `detect` of `@coracle/cgroups`. */
  cgroup: Pick<Machine, 'version' | 'resources'>;
  /** Where the state of containers is kept, and what keeps it from being written there. */
  state: { path: string; refusal: string | undefined };
}
