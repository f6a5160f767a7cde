import type { SeccompArgument, SeccompRule } from '@coracle/oci-spec';
import { CLONE } from '@coracle/syscalls';

/** A system call whose arguments decide. */
export interface CheckedCall {
  call: string;
  /** The capability that allows it with any arguments. Absent: none does. */
  capability?: string;
  /** What becomes of it without: rules, of which the one that fits counts. */
  rules: readonly Omit<SeccompRule, 'names'>[];
  /** Why it is not simply allowed; completes "blocked, as ...". */
  reason: string;
}

/** The two blocked families of sockets, and the one between them. @see address_families(7) */
const AF_ALG = 38;
const AF_NFC = 39;
const AF_VSOCK = 40;

/**
 * What personality(2) may be asked: Linux, 32-bit Linux, both also with the version given as 2.6, and what it is now.
 * Others switch randomized addresses off or make all memory executable.
 */
const PERSONALITIES = [0, 0x8, 0x20000, 0x20008, 0xffffffff] as const;

/** The table of all errnos is not worth making for one of them. @see errno(3) */
const ENOSYS = 38;

/** Every namespace clone(2) can make; CLONE_NEWTIME is clone3's only. The value is the same in every version of the kernel. */
const NAMESPACES =
  CLONE.CLONE_NEWNS |
  CLONE.CLONE_NEWCGROUP |
  CLONE.CLONE_NEWUTS |
  CLONE.CLONE_NEWIPC |
  CLONE.CLONE_NEWUSER |
  CLONE.CLONE_NEWPID |
  CLONE.CLONE_NEWNET;

/** What is allowed with some arguments. A filter sees the numbers that are passed, but not what lies in memory. */
export const checkedCalls = (): readonly CheckedCall[] => [
  {
    call: 'socket',
    rules: [
      allowIfFirst({ op: 'SCMP_CMP_LT', value: AF_ALG }),
      allowIfFirst({ op: 'SCMP_CMP_EQ', value: AF_NFC }),
      allowIfFirst({ op: 'SCMP_CMP_GT', value: AF_VSOCK }),
    ],
    reason:
      'AF_VSOCK reaches the hypervisor past the network namespace, and AF_ALG parts of the kernel with many holes',
  },
  {
    call: 'personality',
    rules: PERSONALITIES.map((value) => allowIfFirst({ op: 'SCMP_CMP_EQ', value })),
    reason: 'most personalities weaken a protection, such as addresses that cannot be guessed',
  },
  {
    call: 'clone',
    capability: 'CAP_SYS_ADMIN',
    rules: [allowIfFirst({ op: 'SCMP_CMP_MASKED_EQ', value: NAMESPACES, valueTwo: 0 })],
    reason: 'a new user namespace gives every capability in it; processes and threads in the same namespaces are fine',
  },
  {
    // Libraries try clone3 first. ENOSYS, and no other error, makes them fall back on clone.
    call: 'clone3',
    capability: 'CAP_SYS_ADMIN',
    rules: [{ action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS }],
    reason: 'its flags lie in memory, where no filter can look; the answer ENOSYS makes libraries use clone instead',
  },
];

function allowIfFirst(condition: Omit<SeccompArgument, 'index'>): Omit<SeccompRule, 'names'> {
  return { action: 'SCMP_ACT_ALLOW', args: [{ index: 0, ...condition }] };
}
