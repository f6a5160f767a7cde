import { flags } from '../arg.ts';
import { type Purpose, type Step, step } from '../step.ts';

/** Execution domains of personality(2). */
export const PERSONALITY = { PER_LINUX: 0, PER_LINUX32: 8 } as const;

/**
 * Sets the execution domain: with `PER_LINUX32` uname(2) calls a 64-bit machine a 32-bit one.
 * @see personality(2)
 * @example
 * personality('PER_LINUX32', 'look like a machine of 32 bits');
 */
export function personality(domain: keyof typeof PERSONALITY, purpose: Purpose): Step {
  return step('personality', [flags(PERSONALITY, domain)], purpose);
}
