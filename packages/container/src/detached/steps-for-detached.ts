import {
  close,
  dup3,
  flags,
  MSG,
  OPEN,
  output,
  type Program,
  REPORT,
  REPORT_LENGTH,
  read,
  resultOf,
  SOCK,
  type Step,
  step,
} from '@coracle/syscalls';
import { FDS } from '../plan/descriptors.ts';
import { closeToOwner, openToOwner } from './open-to-owner.ts';

/**
 * Steps without those that end the process with whoever made it: a container of an engine outlives the command that made it.
 * @see prctl(2) PR_SET_PDEATHSIG
 * @example
 * const setup = outliveMaker(plan.setup);
 */
export function outliveMaker(steps: readonly Step[]): Step[] {
  return steps.filter(
    ({ syscall, args: [operation] }) => !(syscall === 'prctl' && spells(operation, 'PR_SET_PDEATHSIG')),
  );
}

function spells(arg: Step['args'][number] | undefined, text: string): boolean {
  return typeof arg === 'object' && arg !== null && 'text' in arg && arg.text === text;
}

/** Steps that leave the session keyring of the caller in place. @see keyrings(7) */
export function keepKeyring(steps: readonly Step[]): Step[] {
  return steps.filter(({ syscall }) => syscall !== 'keyctl');
}

/**
 * Steps that take descriptors where the agent was given them to where they are kept for the program.
 * @param from the first of them; they are in a row
 */
export function takePreserved(from: number, count: number): Step[] {
  return Array.from({ length: count }, (_, index) =>
    dup3(
      { from: from + index, to: FDS.firstPreserved + index, flags: flags(OPEN, 'O_CLOEXEC') },
      'keep what is passed on to the program',
    ),
  );
}

/**
 * Steps that stop right before the root is changed, tell the caller by a report, and go on when he sends a byte: hooks run then.
 * @param options `opens`: whether the container's owner can enter meanwhile; not if absent
 * @example
 * const setup = pauseBeforePivot(plan.setup);
 */
export function pauseBeforePivot(steps: readonly Step[], { opens = false }: { opens?: boolean } = {}): Step[] {
  const at = steps.findIndex(({ syscall }) => syscall === 'pivot_root' || syscall === 'chroot');
  if (at < 0) throw new TypeError('the set-up changes no root');
  const why = 'let the hooks run that come before the change of the root';
  return [
    ...steps.slice(0, at),
    ...(opens ? [openToOwner()] : []),
    step('sendto', [FDS.socket, REPORT, REPORT_LENGTH, flags(MSG, 'MSG_NOSIGNAL'), null, 0], why),
    read({ fd: FDS.socket, into: output('go', 1) }, why),
    ...(opens ? [closeToOwner()] : []),
    ...steps.slice(at),
  ];
}

/**
 * The program that waits for its start and then makes it: whoever connects to the socket is told of a failure by a report, and of
 * the success by the end of the connection. A filter that asks about calls has its listener sent over a second one.
 * @param start steps that become the program
 * @param options `opens`: whether the container's owner can enter while it waits, which ends before any step to the program; not if absent
 * @example
 * const program = waitForStart(plan.start, { notifies: plan.notifies, preserved: 0 });
 */
export function waitForStart(
  start: readonly Step[],
  { notifies, preserved, opens = false }: { notifies: boolean; preserved: number; opens?: boolean },
): Program {
  const why = 'wait for the start';
  const cloexec = flags(OPEN, 'O_CLOEXEC');
  const accept = (to: number): Step[] => [
    step('accept4', [FDS.door, null, null, SOCK.SOCK_CLOEXEC], { why, result: 'caller' }),
    dup3({ from: resultOf('caller'), to, flags: cloexec }, why),
    close(resultOf('caller'), why),
  ];
  const steps = [
    ...accept(FDS.socket),
    ...(notifies ? accept(FDS.lateHandover) : []),
    close(FDS.door, 'let nobody start it twice'),
    ...(opens ? [closeToOwner()] : []),
    ...start,
  ];
  return preserved === 0 ? { steps } : passDescriptors(steps, preserved);
}

/**
 * Gives a program the descriptors from 3 on that its caller kept for it, right before it starts. As the socket of the agent is 3,
 * a failure brings it back: only then can it be told.
 * @param count of descriptors, which lie from `FDS.firstPreserved` on
 */
export function passDescriptors(steps: readonly Step[], count: number): Program {
  const at = steps.findIndex(({ syscall }) => syscall === 'execve');
  const why = 'pass descriptors on to the program';
  const cloexec = flags(OPEN, 'O_CLOEXEC');
  const back = dup3({ from: FDS.report, to: FDS.socket, flags: cloexec }, 'be able to tell of a failure');
  return {
    steps: [
      ...steps.slice(0, at),
      dup3({ from: FDS.socket, to: FDS.report, flags: cloexec }, why),
      ...Array.from({ length: count }, (_, index) =>
        dup3({ from: FDS.firstPreserved + index, to: FDS.socket + index }, why),
      ),
      ...steps.slice(at),
    ],
    finally: [back],
  };
}
