import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isoTime } from '../../src/detached/iso-time.ts';

test('a time is written as the standard library writes it', () => {
  const days = ['1970-01-01', '2000-02-29', '2024-02-29', '2024-03-01', '2026-12-31', '2100-02-28', '2100-03-01'];
  for (const day of days) expect(isoTime(Date.parse(day))).toBe(new Date(day).toISOString());
  // Years have four digits until then.
  fc.assert(
    fc.property(fc.integer({ min: 0, max: Date.parse('9999-12-31T23:59:59.999Z') }), (time) => {
      expect(isoTime(time)).toBe(new Date(time).toISOString());
    }),
  );
});
