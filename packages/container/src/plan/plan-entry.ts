import { joinNamespaces, type NamespaceType } from '@coracle/namespaces';
import {
  chroot,
  clone3,
  close,
  closeRange,
  dup3,
  fchdir,
  flags,
  MSG,
  OPEN,
  openat,
  output,
  P,
  PR,
  type Program,
  prctl,
  REPORT,
  REPORT_LENGTH,
  resultOf,
  SIGINFO_LENGTH,
  SIGKILL,
  type Step,
  step,
  WAIT,
  write,
} from '@coracle/syscalls';
import { FDS } from './descriptors.ts';
import { keepOpen } from './keep-open.ts';
import { keepPidfd, waitForEither } from './plan-watch.ts';

/** A program that is to run in a living container. */
export interface Entry {
  /** Where the agent has the descriptor of a process of the container. */
  pidfd: number;
  /** So many descriptors behind that are passed on to the program. */
  kept?: number;
  /** The descriptor {@link FDS.handover} is a socket, through which the program's filter hands its listener to the caller. */
  notifies?: boolean;
  namespaces: readonly NamespaceType[];
  /** The process of the descriptor, where its root is not that of its mount namespace. */
  rootOf?: number | undefined;
  /** Files into which the new process writes "0" to join the cgroup. */
  joinFiles: readonly string[];
  /** Taken on the host, before the container is entered. */
  before?: readonly Step[];
  /** Taken by the new process, while it has what its agent was given. */
  born?: readonly Step[];
  /** Taken by the new process when it has nothing left but input, output and its socket: it becomes the program. */
  start: readonly Step[];
  /** Taken by the new process when a step failed. */
  failed?: readonly Step[];
}

/** The name of the result that is the pid of the program. */
export const ENTERED = 'program';

const parent = (why: string): { why: string; only: 'parent' } => ({ why, only: 'parent' });

/**
 * The agent enters the container's cgroup and namespaces itself and gives birth inside: a process is in a PID namespace only
 * from birth. It cannot be traced or read from the container: it is not dumpable, and in no PID namespace of it (CVE-2016-9962).
 * Then it leaves, and the program becomes a child of who takes orphans in.
 */
export function planEntry(entry: Entry): Program {
  const {
    pidfd,
    namespaces,
    joinFiles,
    rootOf,
    kept = 0,
    notifies,
    before = [],
    born = [],
    start,
    failed = [],
  } = entry;
  const root = rootOf === undefined ? NO_ROOT : takeRoot({ pid: rootOf, pidfd });
  const passedOn = [
    ...(notifies ? [FDS.lateHandover] : []),
    ...Array.from({ length: kept }, (_, index) => FDS.firstPreserved + index),
  ];
  const doors = openDoors(joinFiles);
  const cloexec = flags(OPEN, 'O_CLOEXEC');
  const inside = [
    // First of all: what fails from here on is the new process's to tell, and the agent may be gone by then.
    dup3({ from: FDS.initSocket, to: FDS.socket, flags: cloexec }, 'listen to its own socket'),
    ...doors.enter,
    ...root.enter,
    ...born,
    ...(notifies
      ? [dup3({ from: FDS.handover, to: FDS.lateHandover, flags: cloexec }, 'keep the way for the listener open')]
      : []),
    ...keepOpen(
      [closeRange({ first: FDS.initSocket }, 'close every descriptor but input, output and the socket')],
      passedOn,
    ),
    ...start,
  ];
  return {
    steps: [
      closeRange({ first: pidfd + 1 + kept }, 'keep no descriptor of the caller open'),
      prctl(flags(PR, 'PR_SET_DUMPABLE'), [0], 'let nobody trace the agent or read its memory'),
      ...doors.open,
      ...root.open,
      ...before,
      ...joinNamespaces({ pidfd, namespaces }),
      clone3({ flags: 0 }, { why: 'be born inside', result: ENTERED }),
      ...inside.map((one): Step => ({ ...one, only: 'child' })),
      ...doors.close.map((one): Step => ({ ...one, only: 'parent' })),
      close(FDS.initSocket, parent('leave the socket to the program')),
      ...(notifies ? [close(FDS.handover, parent('leave the listener to the program and the caller'))] : []),
    ],
    finally: failed.map((one): Step => ({ ...one, only: 'child' })),
  };
}

/** As {@link planEntry}; but the agent stays until the program ends, which it is when the caller ends first. */
export function planWatchedEntry(entry: Entry): Program {
  const { steps, finally: failed = [] } = planEntry(entry);
  return {
    steps: [
      ...steps,
      closeRange({ first: 0, last: 2 }, parent('leave input and output to the program')),
      ...keepPidfd(ENTERED, 'watch the program'),
      step('sendto', [FDS.socket, REPORT, REPORT_LENGTH, flags(MSG, 'MSG_NOSIGNAL'), null, 0], {
        ...parent('tell the caller'),
        tolerate: 'any',
      }),
      waitForEither('wait for the end of the program or of the caller'),
    ],
    finally: [
      ...failed,
      step('kill', [resultOf(ENTERED), SIGKILL], parent('end the program, if the caller ended first')),
      step(
        'waitid',
        [P.P_ALL, 0, output('end', SIGINFO_LENGTH), flags(WAIT, 'WEXITED'), null],
        parent('learn how it ended'),
      ),
    ],
  };
}

const NO_ROOT: Readonly<Record<'open' | 'enter', readonly Step[]>> = { open: [], enter: [] };

/** Who enters a mount namespace has the root of all who are in there, until it takes another. */
function takeRoot({ pid, pidfd }: { pid: number; pidfd: number }): typeof NO_ROOT {
  const why = "have the container's files";
  const root = "the container's root";
  return {
    open: [
      openat(
        { path: `/proc/${pid}/root`, flags: flags(OPEN, 'O_PATH', 'O_DIRECTORY', 'O_CLOEXEC') },
        { why, result: root },
      ),
      // If it is, that was its number.
      step('pidfd_send_signal', [pidfd, 0, null, 0], 'see that the container is still there'),
    ],
    enter: [fchdir(resultOf(root), why), chroot('.', why)],
  };
}

/**
 * The agent stays outside of the container's cgroup, which could not be removed otherwise while the agent waits: the doors
 * are opened by it, on the host, and gone through by the program.
 */
function openDoors(files: readonly string[]): Record<'open' | 'enter' | 'close', Step[]> {
  const why = 'join the cgroup of the container';
  const door = (index: number): string => `door ${index}`;
  return {
    open: files.map((path, index) =>
      openat({ path, flags: flags(OPEN, 'O_WRONLY', 'O_CLOEXEC') }, { why, result: door(index) }),
    ),
    enter: files.map((path, index) => write({ fd: resultOf(door(index)), data: '0' }, { why, on: path })),
    close: files.map((_, index) => close(resultOf(door(index)), why)),
  };
}
