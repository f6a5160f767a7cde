import { endAtOnce } from '@coracle/syscalls';
import { isObserved } from './is-observed.ts';

/** When nothing is left to do, all output has been written too. A profiler writes what it has seen only after that. */
export function endWhenDone(): void {
  if (isObserved(process)) return;
  process.once('beforeExit', () => process.on('exit', (code) => endAtOnce(Number(process.exitCode ?? code))));
}
