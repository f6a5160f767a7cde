import type { Config, Process } from '@coracle/oci-spec';
import { createProc } from '@coracle/procfs-mount';
import {
  close,
  type Fd,
  flags,
  KEYCTL,
  OPEN,
  openat,
  openat2,
  RESOLVE,
  resultOf,
  type Step,
  step,
  write,
} from '@coracle/syscalls';

/** What the security modules are told of a program. */
type Labelled = Pick<Process, 'apparmorProfile' | 'selinuxLabel'>;

/** Whether a program is to be under a profile or label of its own. */
export function isLabelled(process: Labelled | undefined): boolean {
  return profileOf(process) !== undefined || Boolean(process?.selinuxLabel);
}

function profileOf({ apparmorProfile }: Labelled = {}): string | undefined {
  return apparmorProfile === '' || apparmorProfile === 'unconfined' ? undefined : apparmorProfile;
}

/**
 * Steps that name the profile and the label under which the process will be once it becomes another program. They hold for
 * its children too, and can be taken at any time before: no_new_privs and filters that come later do not touch them.
 *
 * A write that a root redirects elsewhere would leave the program without them (CVE-2019-16884, CVE-2019-19921,
 * CVE-2025-52881): so the files are reached from a descriptor of a proc that nothing of the container was mounted on when it
 * was opened, and through no other mount and no link that leads out.
 * @param proc descriptor of the top of a proc that shows this process
 * @see proc_pid_attr(5), apparmor(7), setexeccon(3)
 */
export function setLabels(process: Labelled, { proc }: { proc: Fd }): Step[] {
  const profile = profileOf(process);
  const label = process.selinuxLabel;
  return [
    ...(profile === undefined
      ? []
      : setAttribute(
          { proc, name: 'apparmor/exec', value: `exec ${profile}` },
          `put it under the AppArmor profile ${profile}`,
        )),
    ...(label ? setAttribute({ proc, name: 'exec', value: label }, `give it the SELinux label ${label}`) : []),
  ];
}

/** The steps for the first process of a container, which has made its proc, or makes one that is attached nowhere. */
export function labelContainer({ process, mounts = [] }: Config): Step[] {
  if (!process || !isLabelled(process)) return [];
  const proc = resultOf('proc');
  return [
    ...(mounts.some(({ type, destination }) => type === 'proc' && destination === '/proc')
      ? []
      : createProc({ subset: 'pid' })),
    ...setLabels(process, { proc }),
    ...(process.selinuxLabel ? joinLabelledKeyring(process.selinuxLabel, proc) : []),
  ];
}

/** The result of {@link openCallersProc}. */
const CALLERS_PROC = "the caller's proc";

/**
 * For a process that is to enter a container, which may have done what it likes to its own proc: the caller's shows it as
 * well, and the descriptor goes with it. Close it before anything of the container runs.
 */
export function openCallersProc(): Step {
  return openat(
    { path: '/proc', flags: flags(OPEN, 'O_PATH', 'O_DIRECTORY', 'O_CLOEXEC') },
    { why: 'reach the labels of the program', result: CALLERS_PROC },
  );
}

/** The steps for a process born inside a container, whose maker took {@link openCallersProc}. */
export function labelEntered(process: Labelled): Step[] {
  return setLabels(process, { proc: resultOf(CALLERS_PROC) });
}

function setAttribute({ proc, name, value }: { proc: Fd; name: string; value: string }, why: string): Step[] {
  const file = resultOf('attribute');
  return [
    openat2(
      {
        dir: proc,
        path: `self/attr/${name}`,
        flags: flags(OPEN, 'O_WRONLY', 'O_CLOEXEC'),
        resolve: flags(RESOLVE, 'RESOLVE_BENEATH', 'RESOLVE_NO_XDEV', 'RESOLVE_NO_MAGICLINKS'),
      },
      { why, result: 'attribute' },
    ),
    write({ fd: file, data: value }, why),
    close(file, why),
  ];
}

/** A session keyring of its own, not the caller's. See keyctl_join_session_keyring(3). */
export function joinOwnKeyring(): Step {
  return step('keyctl', [flags(KEYCTL, 'KEYCTL_JOIN_SESSION_KEYRING'), null, 0, 0, 0], {
    why: "have a session keyring of its own, not the caller's",
    // EDQUOT when a user has two hundred: the filter forbids to read it anyway. EPERM when the filter of a container around
    // this does, as Docker's: it holds for all that is started here too.
    tolerate: ['ENOSYS', 'EDQUOT', 'EPERM'],
  });
}

/** A keyring has the label it was made with, and the program must be allowed to use its own. */
function joinLabelledKeyring(label: string, proc: Fd): Step[] {
  return [
    ...setAttribute({ proc, name: 'keycreate', value: label }, `give its keyring the SELinux label ${label}`),
    joinOwnKeyring(),
  ];
}
