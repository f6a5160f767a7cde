import {
  chdir,
  dup3,
  type Fd,
  fchdir,
  flags,
  MNT,
  MS,
  mkdirat,
  mknodat,
  mount,
  OPEN,
  openat,
  type Purpose,
  resultOf,
  S,
  type Step,
  umount2,
} from '@coracle/syscalls';

/**
 * The stage: a file system in memory on top of the root, where no path leads. mount(2) can only make a mount that is attached
 * somewhere; it is made here, gets its attributes here, and is moved to its place when it is ready.
 *
 * mount(2) takes paths. Those that are opened are named by descriptor, through the host's /proc, which is held open: nobody
 * can swap what a descriptor leads to, nor has a container a say in what the host's /proc shows.
 */

/** Descriptors, fixed so that they can stand in paths: the stage, what is to be mounted, and where. */
export const STAGE_FDS = { stage: 62, from: 63, to: 64 } as const;

/** Names of results of the steps here. */
const STAGE = resultOf('stage');
const HOST_PROC = resultOf('proc of the host');
const PLACE = flags(OPEN, 'O_PATH', 'O_CLOEXEC');
const DIRECTORY = flags(OPEN, 'O_PATH', 'O_DIRECTORY', 'O_CLOEXEC');

/** A descriptor as a path for steps {@link throughProc}. */
export function pathOf(fd: keyof typeof STAGE_FDS, below = ''): string {
  return `self/fd/${STAGE_FDS[fd]}${below}`;
}

/** The step that gives a descriptor the number under which it can stand in a path. */
export function place(from: Fd, to: keyof typeof STAGE_FDS, purpose: Purpose): Step {
  return dup3({ from, to: STAGE_FDS[to], flags: flags(OPEN, 'O_CLOEXEC') }, purpose);
}

/** Steps with paths of {@link pathOf}. The process stands at its root afterwards. */
export function throughProc(steps: readonly Step[], why: string): Step[] {
  return [fchdir(HOST_PROC, why), ...steps, chdir('/', why)];
}

/** The step, once and as long as the host's root is the root, that holds its /proc open. */
export function holdProc(why: string): Step {
  return openat({ path: '/proc', flags: DIRECTORY }, { why, result: HOST_PROC.of });
}

/** Steps that make the stage: `..` of the root leads to what is on top of it. */
export function makeStage(why: string): Step[] {
  const hidden = flags(MS, 'MS_NOSUID', 'MS_NODEV', 'MS_NOEXEC');
  return [
    mount({ source: 'coracle', target: '/', type: 'tmpfs', flags: hidden, data: 'mode=700' }, why),
    openat({ path: '/..', flags: DIRECTORY }, { why, result: STAGE.of }),
    mkdirat({ dir: STAGE, path: 'directory' }, why),
    mknodat({ dir: STAGE, path: 'file', mode: S.S_IFREG | 0o644 }, why),
    place(STAGE, 'stage', why),
  ];
}

/** The step that opens what is mounted on the stage. */
export function openStaged(kind: 'file' | 'directory', purpose: Purpose): Step {
  return openat({ dir: STAGE, path: kind, flags: kind === 'file' ? PLACE : DIRECTORY }, purpose);
}

/**
 * The step that takes the stage off again, by the path that leads to it: the working directory from where pivot_root(2) has
 * just put it, together with the old root that it is on top of, else `..` of the root.
 */
export function leaveStage(path: '.' | '/..'): Step {
  return umount2({ target: path, flags: flags(MNT, 'MNT_DETACH') }, 'let go of where mounts were made');
}
