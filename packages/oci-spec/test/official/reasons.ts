import type { Problem } from '@coracle/oci-spec';

/** Why more is refused than by the schema; each is a sentence of the specification, or a limit of the kernel. */
const STRICTER = [
  /^an absolute path/,
  /^NAME=value/,
  /^a version such as/,
  /^a non-empty string/,
  /^an array with at least/,
  /^at most (hard|quota) \(/,
  /^at most \d+, so that the last id/,
  /^a whole number from 1 to 4294967295$/,
  /^a whole number from 0 to 429496729[45]$/,
  /^a whole number from 0 to (1|5|7|99|511|65535|999999999)$/,
  /^a whole number from -(20 to 19|1000 to 1000)$/,
  /^absent, as linux\.namespaces has no/,
  /^absent, as (it is no setting of a namespace|it names nothing below|SCMP_ACT_\w+ returns no errno|there is no listenerPath)/,
  /^absent, as MPOL_\w+ takes no nodes$/,
  /^given, (or \w+$|as )/,
  /^a number, as the device is no pipe$/,
  /^a list of nodes such as/,
  /^one of RLIMIT_AS/,
  /^named (once only$|as a file of the cgroup)/,
  /^the name of a directory of resctrl/,
  /^1 to 15 characters/,
  /^a \(all\), b/,
  /^letters of rwm$/,
  / without NUL$/,
];

/** What the specification's text requires, and its schema does not. */
const REQUIRED = [
  ...['$.root', '$.process.args', '$.process.user.uid', '$.process.user.gid'],
  ...['$.linux.memoryPolicy.mode', '$.linux.personality.domain'],
];

/** Whether it is known why we refuse what the schema accepts. */
export function isExplained({ path, found, allowed }: Problem): boolean {
  return (found === 'nothing' && REQUIRED.includes(path)) || STRICTER.some((reason) => reason.test(allowed));
}

/**
 * Where we accept what the schema refuses: a device's mode may have file type bits, which Podman writes; the propagation of the root
 * may have an `r`, which Docker writes; and the text says of the limit of pids that it is optional.
 */
export const LOOSER: readonly RegExp[] = [
  /^\$\.linux\.devices\[\d+\]\.fileMode$/,
  /^\$\.linux\.rootfsPropagation$/,
  /^\$\.linux\.resources\.pids(\.limit)?$/,
];
