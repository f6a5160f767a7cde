import { attach, giveTerminal, openMountpoint } from '@coracle/chroot-fs';
import type { Process } from '@coracle/oci-spec';
import {
  AT_FDCWD,
  dup3,
  fdMessage,
  flags,
  IOCTL,
  ioctl,
  MSG,
  OPEN,
  OPEN_TREE,
  openat,
  openTree,
  resultOf,
  type Step,
  step,
  UNLOCKED,
  windowSize,
} from '@coracle/syscalls';
import { userOf } from '../ids/user-of.ts';
import { FDS } from './descriptors.ts';

/**
 * Steps of {@link takeTerminal}, and those that make its inner side /dev/console of the container too.
 */
export function openTerminal(process: Process): Step[] {
  const why = 'show it as /dev/console';
  return [
    ...takeTerminal(process),
    openTree(
      {
        dir: resultOf('terminal'),
        path: '',
        flags: flags(OPEN_TREE, 'OPEN_TREE_CLONE', 'OPEN_TREE_CLOEXEC', 'AT_EMPTY_PATH'),
      },
      { why, result: 'mount' },
    ),
    openat({ dir: AT_FDCWD, path: '/', flags: flags(OPEN, 'O_PATH', 'O_CLOEXEC') }, { why, result: 'root' }),
    ...openMountpoint({ root: resultOf('root'), path: '/dev/console', kind: 'file' }, why),
    attach('mount', why),
  ];
}

/**
 * Steps that open a pseudo-terminal of the container's own devpts, send its outer side to the caller, and make its inner
 * side input and output. Both sides are held by descriptor from the start (CVE-2025-52565).
 * @see pts(4), ioctl_tty(2) TIOCGPTPEER
 */
export function takeTerminal(process: Process): Step[] {
  const { consoleSize } = process;
  const why = 'give the program a terminal';
  const cloexec = flags(OPEN, 'O_CLOEXEC');
  const master = resultOf('master');
  const terminal = resultOf('terminal');
  const size = windowSize({ rows: consoleSize?.height ?? 24, columns: consoleSize?.width ?? 80 });
  return [
    openat({ path: '/dev/pts/ptmx', flags: flags(OPEN, 'O_RDWR', 'O_NOCTTY', 'O_CLOEXEC') }, { why, result: 'master' }),
    ioctl({ fd: master, request: flags(IOCTL, 'TIOCSPTLCK'), arg: UNLOCKED }, why),
    ioctl(
      { fd: master, request: flags(IOCTL, 'TIOCGPTPEER'), arg: flags(OPEN, 'O_RDWR', 'O_NOCTTY', 'O_CLOEXEC') },
      { why, result: 'terminal' },
    ),
    ioctl({ fd: master, request: flags(IOCTL, 'TIOCSWINSZ'), arg: size }, why),
    giveTerminal({ terminal: 'terminal', uid: userOf(process).uid }),
    dup3({ from: master, to: FDS.master, flags: cloexec }, why),
    step(
      'sendmsg',
      [FDS.handover, fdMessage([FDS.master]), flags(MSG, 'MSG_NOSIGNAL')],
      'hand its outer side to the caller',
    ),
    ...[0, 1, 2].map((to) => dup3({ from: terminal, to }, 'make it input and output of the program')),
  ];
}
