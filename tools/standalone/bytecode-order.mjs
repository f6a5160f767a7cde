import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { withTrials } from '../presets/try-out.mjs';

/** A trial takes less than a second. */
const TRIAL_MS = 30_000;

/**
 * Has an executable tell which of its functions each of its trials ran. Bun lays the bytecode of those out side by side when it is
 * told, so that a start reads fewer pages.
 * @param {string} program the executable
 * @param {{ trials: (directory: string) => string[][], directory: string }} how the words it is run with, one after the other; where
 *   its reports are to lie
 * @returns {string[]} the reports; none of a trial that cannot be done here
 */
export function bytecodeOrders(program, { trials, directory }) {
  return withTrials(trials, {}, ({ calls, env }) =>
    calls.flatMap((words, index) => {
      const report = join(directory, `order-${index}`);
      // With options for Node a command leaves its end to the runtime, which then writes the report.
      const settings = { ...env, BUN_BYTECODE_ORDER_OUT: report, NODE_OPTIONS: '--no-warnings' };
      spawnSync(program, words, { env: settings, stdio: ['ignore', 'ignore', 'ignore'], timeout: TRIAL_MS });
      return existsSync(report) ? [report] : [];
    }),
  );
}
