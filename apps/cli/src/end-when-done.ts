import { endAtOnce } from '@coracle/syscalls';

let isAsked = false;

/** When nothing is left to do, all output has been written too. A profiler writes what it has seen only after that. */
export function endWhenDone(): void {
  if (isAsked || process.execArgv.length > 0 || process.env['NODE_OPTIONS'] || process.env['NODE_V8_COVERAGE']) return;
  isAsked = true;
  process.once('beforeExit', () => process.on('exit', (code) => endAtOnce(Number(process.exitCode ?? code))));
}
