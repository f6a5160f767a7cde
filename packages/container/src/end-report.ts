import { SystemError } from '@coracle/errors';
import { type Outcome, type ProcessEnd, readRusage, readSiginfo } from '@coracle/syscalls';
import { OUTPUT } from './plan/monitor-outputs.ts';

/** How a container ended and what it used, as the monitor reports it. */
export interface EndReport {
  end: ProcessEnd;
  usage: { cpuUsec: bigint; peakBytes: bigint };
  /** Texts of the cgroup's statistics files, in the order of the plan; empty where one could not be read. */
  stats: string[];
}

/**
 * Reads the monitor's last report.
 * @param outcome `undefined` where there is none
 * @param statFiles how many statistics files it has read
 * @throws SystemError when the monitor was killed before it could make one
 */
export function endReport(outcome: Outcome | undefined, statFiles: number): EndReport {
  if (!outcome)
    throw new SystemError({
      code: 'ECHILD',
      syscall: 'waitid',
      text: 'the monitor of the container was killed',
      hint: 'the container ended with it; what it left is removed by the next coracle command',
    });
  return {
    end: readSiginfo(outcome.output(OUTPUT.end)),
    usage: readRusage(outcome.output(OUTPUT.usage)),
    stats: Array.from({ length: statFiles }, (_, index) => text(outcome.output(OUTPUT.stat(index)))),
  };
}

function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString('latin1');
}
