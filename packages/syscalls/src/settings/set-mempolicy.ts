import { type Flags, flags } from '../arg.ts';
import { type Purpose, type Step, step } from '../step.ts';
import { bitMask } from './sched.ts';

/** Modes of set_mempolicy(2). */
export const MPOL = {
  MPOL_DEFAULT: 0,
  MPOL_PREFERRED: 1,
  MPOL_BIND: 2,
  MPOL_INTERLEAVE: 3,
  MPOL_LOCAL: 4,
  MPOL_PREFERRED_MANY: 5,
  MPOL_WEIGHTED_INTERLEAVE: 6,
} as const;

/** Flags of set_mempolicy(2). */
export const MPOL_FLAG = {
  MPOL_F_NUMA_BALANCING: 0x2000,
  MPOL_F_RELATIVE_NODES: 0x4000,
  MPOL_F_STATIC_NODES: 0x8000,
} as const;

/**
 * Sets on which nodes of the machine the calling thread's memory is taken; what it starts keeps that. A kernel without NUMA has
 * no such call (ENOSYS).
 * @param nodes numbers of nodes; none for modes that take none
 * @see set_mempolicy(2)
 * @example
 * setMempolicy({ mode: 'MPOL_BIND', nodes: [0], flags: ['MPOL_F_STATIC_NODES'] }, 'take memory of node 0');
 */
export function setMempolicy(
  {
    mode,
    nodes = [],
    flags: names = [],
  }: { mode: keyof typeof MPOL; nodes?: readonly number[]; flags?: readonly (keyof typeof MPOL_FLAG)[] },
  purpose: Purpose,
): Step {
  const value: Flags = {
    kind: 'flags',
    value: MPOL[mode] | Number(flags(MPOL_FLAG, ...names).value),
    text: [mode, ...names].join('|'),
  };
  if (nodes.length === 0) return step('set_mempolicy', [value, null, 0], purpose);
  const mask = bitMask(nodes);
  // The kernel reads one bit less than it is told.
  return step(
    'set_mempolicy',
    [value, { kind: 'struct', bytes: mask, text: `{${nodes.join(', ')}}` }, mask.length * 8 + 1],
    purpose,
  );
}
