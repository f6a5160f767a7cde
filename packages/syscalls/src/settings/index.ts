/**
 * Calls that change how a process is scheduled, where its memory lies and what the kernel looks like to it. Few programs need them:
 * nothing of it is loaded with the package's main entry.
 * @module
 */
export { IOPRIO_CLASS, ioprioSet } from './ioprio-set.ts';
export { PERSONALITY, personality } from './personality.ts';
export { SCHED_FLAG, SCHED_POLICY, type SchedAttributes, schedSetaffinity, schedSetattr } from './sched.ts';
export { MPOL, MPOL_FLAG, setMempolicy } from './set-mempolicy.ts';
