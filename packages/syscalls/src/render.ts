import type { Arg } from './arg.ts';
import { AT_FDCWD } from './constants.ts';
import type { Step } from './step.ts';

/**
 * An argument as people read it: paths quoted, flags by name, results of earlier steps by theirs.
 * @example
 * renderArg(flags(MS, 'MS_RDONLY')); // 'MS_RDONLY'
 */
export function renderArg(arg: Arg): string {
  if (arg === null) return 'NULL';
  if (arg === AT_FDCWD) return 'AT_FDCWD';
  if (typeof arg === 'string') return JSON.stringify(arg);
  if (typeof arg === 'number' || typeof arg === 'bigint') return String(arg);
  if (arg instanceof Uint8Array) return `${arg.length} bytes`;
  switch (arg.kind) {
    case 'flags':
    case 'struct':
      return arg.text;
    case 'result':
      return `<${arg.of}>`;
    case 'output':
      return arg.at === undefined ? `&${arg.name}` : `&${arg.name}[${arg.at}]`;
    case 'report':
      return '&report';
    case 'report-length':
      return 'sizeof report';
  }
}

/**
 * A step as a line of C-like text, in the manner of strace(1): `mount("proc", "/proc", "proc", MS_NOSUID, NULL)`.
 * @example
 * renderStep(chdir('/', 'stand at the root')); // 'chdir("/")'
 */
export function renderStep(step: Step): string {
  const call = `${step.syscall}(${step.args.map(renderArg).join(', ')})`;
  return step.result === undefined ? call : `${call} -> <${step.result}>`;
}
