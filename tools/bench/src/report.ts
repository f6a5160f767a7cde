import type { Crowd } from './many.ts';
import type { Soak } from './soak.ts';
import type { Summary } from './statistics.ts';

/** One contestant's line. */
export interface Row {
  name: string;
  /** Why it was not timed. */
  missing: string | undefined;
  summary: Summary | undefined;
}

/** All that was measured in one run. */
export interface Report {
  rows: readonly Row[];
  crowd: Crowd | undefined;
  soak: Soak | undefined;
}

/** What DESIGN section 7 allows: the row, what it is compared with, and the ratio. */
const BUDGETS = [
  { row: 'library, warm', base: 'crun run', ratio: 0.2 },
  { row: 'command, cold', base: 'node -e 0', ratio: 1.35 },
] as const;

const CROWD_RATIO = 1.3;
const MONITOR_BYTES = 64 * 1024;

/** The report for people. Budgets are reported, never enforced: another machine has other times. */
export function renderReport({ rows, crowd, soak }: Report): string {
  const median = (name: string): number | undefined => rows.find((row) => row.name === name)?.summary?.median;
  const [crun, node] = [median('crun run'), median('node -e 0')];
  const lines = [`${'milliseconds'.padEnd(28)}  median     min     max  / crun  / node`];
  for (const { name, missing, summary } of rows) {
    if (!summary) lines.push(`${name.padEnd(28)}  ${missing}`);
    else {
      const cells = [
        summary.median.toFixed(1),
        summary.min.toFixed(1),
        summary.max.toFixed(1),
        ratio(summary.median, crun),
        ratio(summary.median, node),
      ];
      lines.push(`${name.padEnd(28)}${cells.map((cell) => cell.padStart(8)).join('')}`);
    }
  }
  for (const { row, base, ratio: allowed } of BUDGETS) {
    const [value, against] = [median(row), median(base)];
    if (value !== undefined && against !== undefined) lines.push(verdict(`${row} / ${base}`, value / against, allowed));
  }
  if (crowd) {
    lines.push(
      verdict(
        `start with ${crowd.count} alive / start of the first`,
        crowd.startInCrowd / crowd.startAlone,
        CROWD_RATIO,
      ),
    );
    lines.push(verdict('memory of a monitor, KiB', crowd.monitorBytes / 1024, MONITOR_BYTES / 1024));
  }
  if (soak) {
    const { starts, before, after } = soak;
    const grown = (what: 'heap' | 'external' | 'resident'): string =>
      `${what} ${mebibytes(before[what])} -> ${mebibytes(after[what])}`;
    lines.push(
      `${starts} starts in a row: ${grown('heap')}, ${grown('external')}, ${grown('resident')}, descriptors ${before.descriptors} -> ${after.descriptors}`,
    );
  }
  return lines.join('\n');
}

function ratio(value: number, base: number | undefined): string {
  return base === undefined ? '-' : (value / base).toFixed(2);
}

function verdict(what: string, value: number, allowed: number): string {
  return `${value <= allowed ? 'within' : 'OVER  '} budget: ${what} = ${value.toFixed(2)} (allowed ${allowed})`;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
