import { CAP_AMBIENT, capset, type Flags, flags, PR, prctl, SECBIT, type Step } from '@coracle/syscalls';
import { type CapabilityMask, numbersOf } from './mask.ts';
import { CAPABILITY_NAMES } from './names.ts';
import { type CapabilitySets, checkSets } from './sets.ts';

/** The number of a capability with its name; one of a kernel newer than this package is shown as a number, as capsh(1) does. */
function capability(number: number): Flags {
  return { kind: 'flags', value: number, text: CAPABILITY_NAMES[number] ?? String(number) };
}

const DROP = flags(PR, 'PR_CAPBSET_DROP');
const WHY_DROP = 'keep programs from ever having capabilities that the container was not given';
/** Each made once, when it is first taken: most containers take most of them. */
const DROPS: Step[] = [];

function drop(number: number): Step {
  DROPS[number] ??= prctl(DROP, [capability(number), 0, 0, 0], WHY_DROP);
  return DROPS[number];
}

/**
 * Steps that take everything but `keep` out of the bounding set, for good: not even a set-user-id program gets it back.
 *
 * The first of the steps about capabilities, taken as long as the process has CAP_SETPCAP: before it becomes another user. None
 * of the other sets changes.
 * @param from the bounding set the process has, see {@link availableCapabilities}
 * @see PR_CAPBSET_DROP(2const), capabilities(7)
 * @example
 * dropBounding(toMask(DEFAULT_CAPABILITIES), { from: allCapabilities(lastCapability()) }).length; // 27
 */
export function dropBounding(keep: CapabilityMask, { from }: { from: CapabilityMask }): Step[] {
  return numbersOf(from & ~keep).map(drop);
}

const KEEP: Step = prctl(
  flags(PR, 'PR_SET_KEEPCAPS'),
  [1, 0, 0, 0],
  'keep the permitted capabilities when the user changes',
);

/**
 * The step that lets permitted capabilities survive when root becomes another user; effective and ambient ones do not. For the
 * next setresuid only: execve(2) ends it.
 *
 * Taken directly before setresgid and setresuid, after {@link setSecurebits}.
 * @see PR_SET_KEEPCAPS(2const)
 * @example
 * [keepCapabilities(), setresuid(1000, 'become user 1000')];
 */
export function keepCapabilities(): Step {
  return KEEP;
}

const AMBIENT = flags(PR, 'PR_CAP_AMBIENT');
const WHY_AMBIENT = 'let programs that are not root keep the ambient capabilities';
const CLEAR_AMBIENT: Step = prctl(
  AMBIENT,
  [flags(CAP_AMBIENT, 'PR_CAP_AMBIENT_CLEAR_ALL'), 0, 0, 0],
  'keep nothing of the ambient capabilities there were',
);

/**
 * Steps that put the permitted, effective, inheritable and ambient sets in force; the bounding set is {@link dropBounding}'s.
 *
 * The last of the steps about capabilities, taken after setresuid, which would change the sets again. Only capabilities that
 * are permitted to the process can be set.
 * @throws SystemError EINVAL for sets that {@link checkSets} refuses
 * @see capset(2), PR_CAP_AMBIENT(2const) (since Linux 4.3)
 * @example
 * const { sets } = parseCapabilities({ permitted: ['CAP_KILL'], effective: ['CAP_KILL'] });
 * setCapabilities(sets);
 */
export function setCapabilities(sets: CapabilitySets): Step[] {
  checkSets(sets);
  return [
    capset(sets, 'have exactly the capabilities of the container'),
    CLEAR_AMBIENT,
    ...numbersOf(sets.ambient).map((number) =>
      prctl(AMBIENT, [flags(CAP_AMBIENT, 'PR_CAP_AMBIENT_RAISE'), capability(number), 0, 0], WHY_AMBIENT),
    ),
  ];
}

/** A bit of {@link SECBIT}, such as `'SECBIT_NOROOT'`. */
export type SecurebitName = keyof typeof SECBIT;

/**
 * The step that sets the securebits, and clears those not named: with SECBIT_NOROOT a program of user 0 gets no capability for
 * being root's.
 *
 * Needs CAP_SETPCAP: taken before the process becomes another user, and before {@link keepCapabilities}, whose bit it would
 * clear. No ambient capability can be raised after SECBIT_NO_CAP_AMBIENT_RAISE.
 * @see PR_SET_SECUREBITS(2const), capabilities(7)
 * @example
 * setSecurebits(['SECBIT_NOROOT', 'SECBIT_NOROOT_LOCKED']);
 */
export function setSecurebits(bits: readonly SecurebitName[]): Step {
  return prctl(flags(PR, 'PR_SET_SECUREBITS'), [flags(SECBIT, ...bits), 0, 0, 0], 'change what being root is worth');
}
