import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Turns the first signal that asks this process to end into an abort, so that it can clean up before it ends. A reader of
 * its output that has gone away counts as SIGPIPE.
 * @returns {{ signal: AbortSignal, exitCode: () => number | undefined }} `exitCode` is the shell's for that signal;
 *   undefined while none came
 */
export function untilInterrupted() {
  const controller = new AbortController();
  let number;
  const interrupt = (name) => {
    number ??= constants.signals[name];
    controller.abort();
  };
  for (const name of SIGNALS) process.on(name, interrupt);
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error) => {
      if (error.code !== 'EPIPE') throw error;
      interrupt('SIGPIPE');
    });
  }
  return { signal: controller.signal, exitCode: () => (number === undefined ? undefined : 128 + number) };
}
