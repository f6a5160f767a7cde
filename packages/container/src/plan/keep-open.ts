import type { Step } from '@coracle/syscalls';

/**
 * Steps that close no descriptor of these, wherever they close all in a range.
 * @see close_range(2)
 * @example
 * const setup = keepOpen(plan.setup, [47]);
 */
export function keepOpen(steps: readonly Step[], fds: readonly number[]): Step[] {
  return steps.flatMap((one) => (one.syscall === 'close_range' ? splitAround(one, fds) : [one]));
}

function splitAround(one: Step, fds: readonly number[]): Step[] {
  const [first, last] = one.args;
  if (typeof first !== 'number' || typeof last !== 'number') return [one];
  const parts: Step[] = [];
  let from = first;
  for (const fd of [...fds].sort((a, b) => a - b)) {
    if (fd < from || fd > last) continue;
    if (fd > from) parts.push({ ...one, args: [from, fd - 1, ...one.args.slice(2)] });
    from = fd + 1;
  }
  if (from <= last) parts.push({ ...one, args: [from, last, ...one.args.slice(2)] });
  return parts;
}
