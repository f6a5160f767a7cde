import type { Group } from '@coracle/cgroups-core';

/** Joins every hierarchy before it becomes the command; where that fails the command does not run, and the exit code is 125. */
const JOIN =
  'count=$1; shift; while [ $count -gt 0 ]; do echo 0 > "$1" || exit 125; shift; count=$((count-1)); done; exec "$@"';

/**
 * A command that begins inside a group, with all it ever starts: a shell that joins the group and then becomes the command,
 * so that the process id, the standard streams and the exit code are the command's. To be handed to any function that
 * starts programs. The user who runs it must be allowed to add processes to the group.
 *
 * A command that is not there ends with 127, one that cannot be executed with 126, as of a shell.
 * @see sh(1)
 * @example
 * const [command, ...args] = commandInside(box, ['npm', 'test']);
 * spawn(command, args, { stdio: 'inherit' });
 */
export function commandInside(
  { directories }: Pick<Group, 'directories'>,
  command: readonly [string, ...string[]],
): [string, ...string[]] {
  const files = directories.map((directory) => `${directory}/cgroup.procs`);
  return ['/bin/sh', '-c', JOIN, 'sh', String(files.length), ...files, ...command];
}
