import { isErrno } from '@coracle/errors';

const MASKED =
  'parts of the /proc and /sys seen here are masked, as inside another container, and the kernel gives a user namespace ' +
  'no fuller view than its maker has: start the outer container with --security-opt systempaths=unconfined ' +
  '(podman: --security-opt unmask=ALL), or make it without a user namespace, as the root of the host can';

const NO_SYSFS =
  'a container with a user namespace of its own can have a /sys only with a network namespace of its own: do not share the network, or bind /sys of the host read-only';

/** By call and errno; of mount(2) also by the type of the file system: what a refusal of the steps of this package means, and the remedy. */
const REMEDIES: Readonly<Record<string, string>> = {
  'fsmount EPERM': MASKED,
  // With the older calls one answer has all causes; this is by far the likeliest.
  'mount proc EPERM': MASKED,
  'mount proc EINVAL': 'hidepid by name and subset need Linux 5.8',
  'mount sysfs EPERM': NO_SYSFS,
  'fsconfig EPERM':
    'a container with a user namespace of its own can have a /proc only with a pid namespace of its own: do not share the pid namespace (--pid)',
  'fsopen EPERM': NO_SYSFS,
  'fsopen ENODEV': 'the kernel was built without this file system',
  'openat2 ELOOP':
    'the path is a symbolic link in the root file system, where a directory must be: an image that redirects /proc or /sys is not safe to run (CVE-2019-19921)',
  'openat2 ENOTDIR':
    'something that is no directory lies there in the root file system: replace it by an empty directory',
  'openat2 ENOENT': 'the root file system has no such directory: make an empty one there',
  'fsconfig EINVAL': 'hidepid by name and subset need Linux 5.8',
};

/**
 * Why the kernel refused a step of {@link createProc}, {@link createSysfs} or {@link openMountpoint}, and what to do.
 *
 * One EPERM has three causes, which the call that failed tells apart.
 * @param error what the executor threw; anything else is fine too
 * @returns `undefined` when this package knows no better than the error itself
 * @see user_namespaces(7)
 * @example
 * const hint = explainProcRefusal(new SyscallError(failure.step, failure.errno));
 */
export function explainProcRefusal(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('syscall' in error)) return undefined;
  const type = error.syscall === 'mount' && 'args' in error && Array.isArray(error.args) ? error.args[2] : undefined;
  const what = typeof type === 'string' ? [error.syscall, type.replaceAll('"', '')] : [error.syscall];
  return 'code' in error ? REMEDIES[[...what, error.code].join(' ')] : undefined;
}

/**
 * Whether the refusal means that the /proc of the maker is itself masked, as inside another container.
 * @example
 * if (isMaskedProc(error)) console.error('this runs inside another container');
 */
export function isMaskedProc(error: unknown): boolean {
  return isErrno(error, 'EPERM') && explainProcRefusal(error) === MASKED;
}
