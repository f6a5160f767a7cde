import { closeRange, dup3, flags, OPEN, PR, type Program, prctl, type Step } from '@coracle/syscalls';
import { FDS } from '../plan/descriptors.ts';
import { keepOpen } from '../plan/keep-open.ts';
import { takePreserved } from './steps-for-detached.ts';

/** Descriptors that are handed to the agent in their order, from 4 on. */
export interface BirthDescriptors {
  /** What the program is given beside input and output. */
  preserved: number;
}

/** Where the door comes among the descriptors of the agent. */
const DOOR_AS_GIVEN = FDS.firstFree;
const PRESERVED_AS_GIVEN = FDS.firstFree + 1;

/**
 * The program of the agent that gives birth to a container's init. Afterwards there is nothing to do for it: as it ends, the init
 * becomes a child of the engine that asked for it, which waits for its end.
 * @param birth steps that make the cgroup and the init
 * @see prctl(2) PR_SET_CHILD_SUBREAPER
 */
export function planDetachedBirth(birth: readonly Step[], { preserved }: BirthDescriptors): Program {
  const cloexec = flags(OPEN, 'O_CLOEXEC');
  return {
    steps: [
      // Before the door: its number is that of one of these as they come.
      ...takePreserved(PRESERVED_AS_GIVEN, preserved),
      dup3({ from: DOOR_AS_GIVEN, to: FDS.door, flags: cloexec }, 'keep the socket that the start comes through'),
      ...keepOpen(
        [closeRange({ first: FDS.firstFree }, 'keep no descriptor of the caller open')],
        keptOpen({ preserved }),
      ),
      prctl(flags(PR, 'PR_SET_NAME'), ['coracle'], 'let ps show what this process is'),
      ...birth,
    ],
  };
}

/** The descriptors of a detached container that stay open until its program starts. */
export function keptOpen({ preserved }: BirthDescriptors): number[] {
  return [FDS.door, ...Array.from({ length: preserved }, (_, index) => FDS.firstPreserved + index)];
}
