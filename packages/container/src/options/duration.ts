import { OptionError } from './option-error.ts';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** The longest time a timer of Node can wait, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

/**
 * Milliseconds of a duration: a number of milliseconds, or a text with a unit: `'500ms'`, `'5s'`, `'1.5m'`, `'2h'`.
 * @throws {OptionError} for anything else, zero and below, and more than 24 days
 * @example
 * parseDuration('1.5m'); // 90000
 */
export function parseDuration(duration: number | string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(String(duration)) ?? [];
  const milliseconds = typeof duration === 'number' ? duration : Number(digits) * (UNITS[unit ?? ''] ?? Number.NaN);
  if (!(milliseconds > 0 && milliseconds <= LONGEST)) {
    throw new OptionError(
      'timeout',
      `'${duration}' is no duration`,
      'write a number with ms, s, m or h, such as 5s; at most 24 days',
    );
  }
  return milliseconds;
}
