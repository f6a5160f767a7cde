import { readFileSync } from 'node:fs';
import { RLIMIT } from '@coracle/syscalls';
import { OptionError } from '../options/option-error.ts';
import type { RlimitOption } from '../options/options.ts';

/** A limit as a configuration has it. */
interface Rlimit {
  type: keyof typeof RLIMIT;
  soft: number;
  hard: number;
}

/** No limit in a configuration, since JSON has only numbers. */
const INFINITY = 2 ** 64;

/**
 * The resource limits of a container's programs, by the names of getrlimit(2) without RLIMIT_.
 * @throws {OptionError} for a name that does not exist and for a limit that cannot be
 */
export function rlimitsFor(wanted: Readonly<Record<string, RlimitOption>>): Rlimit[] {
  return Object.entries(wanted).map(([name, limit]) => {
    const type = `RLIMIT_${name.toUpperCase()}`;
    if (!isRlimit(type))
      throw new OptionError(
        'rlimits',
        `no resource limit is called '${name}'`,
        `there are: ${Object.keys(RLIMIT)
          .map((key) => key.slice(7).toLowerCase())
          .join(', ')}`,
      );
    const pair = typeof limit === 'object' ? limit : { soft: limit, hard: limit };
    const [soft, hard] = [amount(name, pair.soft), amount(name, pair.hard)];
    if (soft > hard)
      throw new OptionError(
        'rlimits',
        `the soft limit on ${name}, ${orMax(soft)}, is above the hard one, ${orMax(hard)}`,
        'the soft limit is what holds, the hard one how far the program may raise it: make the hard one at least as high',
      );
    return { type, soft, hard };
  });
}

function isRlimit(type: string): type is keyof typeof RLIMIT {
  return Object.hasOwn(RLIMIT, type);
}

function amount(name: string, limit: number | 'max'): number {
  if (limit === 'max') return mostOf(name);
  if (!Number.isSafeInteger(limit) || limit < 0)
    throw new OptionError(
      'rlimits',
      `${limit} cannot be the limit on ${name}`,
      'write a whole number from 0 on, max for no limit, or both limits: { soft: 1024, hard: 4096 }',
    );
  return limit;
}

/** The kernel takes "no limit" for everything but open files, of which a process has at most so many. See proc_sys_fs(5). */
function mostOf(name: string): number {
  return name.toLowerCase() === 'nofile' ? Number(readFileSync('/proc/sys/fs/nr_open', 'utf8')) : INFINITY;
}

function orMax(amount: number): number | 'max' {
  return amount === INFINITY ? 'max' : amount;
}
