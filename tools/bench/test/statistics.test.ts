import { describe, expect, test } from '@jest/globals';
import { renderReport } from '../src/report.ts';
import { summarize } from '../src/statistics.ts';

describe('summarize', () => {
  test.each([
    [[3], { median: 3, min: 3, max: 3, runs: 1 }],
    [[3, 1, 2], { median: 2, min: 1, max: 3, runs: 3 }],
    [[4, 1, 2, 3], { median: 2.5, min: 1, max: 4, runs: 4 }],
  ])('%p', (values, summary) => {
    expect(summarize(values)).toEqual(summary);
  });

  test('nothing measured is no result', () => {
    expect(() => summarize([])).toThrow('nothing was measured');
  });
});

describe('renderReport', () => {
  const row = (
    name: string,
    median: number,
  ): { name: string; missing: undefined; summary: ReturnType<typeof summarize> } => ({
    name,
    missing: undefined,
    summary: summarize([median]),
  });

  test('ratios to crun and node, and the budgets', () => {
    const text = renderReport({
      rows: [row('library, warm', 5), row('command, cold', 150), row('node -e 0', 100), row('crun run', 50)],
      crowd: undefined,
      soak: undefined,
    });
    expect(text).toContain('within budget: library, warm / crun run = 0.10');
    expect(text).toContain('OVER   budget: command, cold / node -e 0 = 1.50');
    expect(text).toMatch(/command, cold +150\.0 +150\.0 +150\.0 +3\.00 +1\.50/);
  });

  test('a peer that is missing says so and takes its budget along', () => {
    const text = renderReport({
      rows: [row('library, warm', 5), { name: 'crun run', missing: 'crun is not installed', summary: undefined }],
      crowd: undefined,
      soak: undefined,
    });
    expect(text).toContain('crun is not installed');
    expect(text).not.toContain('budget');
  });

  test('what many containers cost', () => {
    const text = renderReport({
      rows: [],
      crowd: { count: 1000, startAlone: 5, startInCrowd: 6, monitorBytes: 12 * 1024 },
      soak: {
        starts: 10,
        before: { heap: 2 ** 20, external: 0, resident: 2 ** 22, descriptors: 20 },
        after: { heap: 2 ** 21, external: 2 ** 19, resident: 2 ** 23, descriptors: 21 },
      },
    });
    expect(text).toContain('start with 1000 alive / start of the first = 1.20');
    expect(text).toContain('memory of a monitor, KiB = 12.00');
    expect(text).toContain(
      'heap 1.0 MiB -> 2.0 MiB, external 0.0 MiB -> 0.5 MiB, resident 4.0 MiB -> 8.0 MiB, descriptors 20 -> 21',
    );
  });
});
