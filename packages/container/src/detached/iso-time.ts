const DAY_MS = 86_400_000;
const DAYS_OF_MONTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/**
 * A time as ISO 8601 has it, in UTC: what `Date.prototype.toISOString` makes, for which V8 first loads its calendars, and takes longer
 * than a process does to be made.
 * @param milliseconds since 1970, and not before it
 * @example
 * isoTime(Date.now()); // '2026-11-26T08:00:00.000Z'
 */
export function isoTime(milliseconds: number): string {
  let days = Math.floor(milliseconds / DAY_MS);
  let year = 1970;
  for (; days >= daysOf(year); year++) days -= daysOf(year);
  let month = 0;
  for (; days >= daysOfMonth(month, year); month++) days -= daysOfMonth(month, year);
  const ofDay = milliseconds % DAY_MS;
  const [hours, minutes, seconds] = [ofDay / 3_600_000, (ofDay / 60_000) % 60, (ofDay / 1000) % 60];
  const date = `${year}-${padded(month + 1)}-${padded(days + 1)}`;
  return `${date}T${padded(hours)}:${padded(minutes)}:${padded(seconds)}.${padded(ofDay % 1000, 3)}Z`;
}

function daysOf(year: number): number {
  return isLeap(year) ? 366 : 365;
}

function daysOfMonth(month: number, year: number): number {
  return (DAYS_OF_MONTHS[month] ?? 0) + (month === 1 && isLeap(year) ? 1 : 0);
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

function padded(number: number, digits = 2): string {
  return String(Math.floor(number)).padStart(digits, '0');
}
