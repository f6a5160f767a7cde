const NOT_ALIKE =
  'a file cannot be mounted on a directory, nor a directory on a file: is the place in the root what it should be?';

/**
 * What to do when the kernel refuses a step of a mount or of the way to the working directory, by call and errno. They are
 * looked up before those of /proc, whose steps are told apart by their purpose.
 */
const REMEDIES: Readonly<Record<string, string>> = {
  'open_tree EINVAL':
    'without what is mounted below it (bind-recursive=disabled) the volume would uncover what those mounts hide, which a container with user ids of its own may not see: leave bind-recursive out',
  'mount_setattr EPERM':
    'the host has locked how this is mounted, as for a container inside another one: see how it is mounted there (findmnt)',
  'move_mount ENOTDIR': NOT_ALIKE,
  'move_mount EINVAL': NOT_ALIKE,
  'openat2 ELOOP':
    'the root has symbolic links in a circle there, or one out of all paths such as /proc/self/fd/3: do not trust it',
  'mkdirat ENOENT':
    'nothing can be made there, as in /proc: choose a place that there is, or one in a directory that can be written',
  'openat2 ENOENT':
    'the root has no such place and it cannot be made there: make it in the root first, or use a root that can be written',
  'fsconfig EINVAL':
    'an option of it has a value that cannot be had here: does the container have the user and group that are named?',
  'fchdir EACCES':
    'that directory, or one above it, is closed to the user who starts the container: chmod o+x it, or choose another',
};

/** The newer calls that mount(2) does the work of, where there are none. */
const OLDER = { bind: ['open_tree', 'mount_setattr'], filesystem: ['fsconfig'] } as const;

/** The remedy for a refused step that brings something in or goes there; `undefined` when none is known. */
export function explainMountRefusal({
  syscall,
  code,
  why,
}: {
  syscall: string;
  code: string | undefined;
  why: string;
}): string | undefined {
  // A device or the terminal, where a volume lies at its place.
  if (!/^(bring in|mount a|stand in|start in|show it as|show(?= \/)) /.test(why)) return undefined;
  const calls = syscall === 'mount' ? OLDER[why.startsWith('bring in') ? 'bind' : 'filesystem'] : [syscall];
  return calls.map((call) => REMEDIES[`${call} ${code}`]).find((remedy) => remedy !== undefined);
}
