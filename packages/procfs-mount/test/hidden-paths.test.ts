import { isErrno } from '@coracle/errors';
import { planHiddenPaths } from '@coracle/procfs-mount';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

const covers = (outer: string, path: string): boolean => path === outer || path.startsWith(`${outer}/`);
const name = fc.constantFrom('sys', 'kcore', 'kcore2', 'firmware', 'a');
const path = fc
  .tuple(fc.constantFrom('/proc', '/sys'), fc.array(name, { minLength: 1, maxLength: 4 }))
  .map(([top, names]) => [top, ...names].join('/'));

describe('masked and read-only paths', () => {
  test('are sorted, each once', () => {
    expect(
      planHiddenPaths({
        masked: ['/sys/firmware', '/proc/kcore', '/proc/acpi', '/proc/kcore'],
        readonly: ['/proc/irq', '/proc/bus'],
      }),
    ).toEqual({ masked: ['/proc/acpi', '/proc/kcore', '/sys/firmware'], readonly: ['/proc/bus', '/proc/irq'] });
  });

  test('below others of their kind are left out', () => {
    expect(
      planHiddenPaths({ masked: ['/proc/a/b', '/proc/a', '/proc/ab'], readonly: ['/proc/sys/net', '/proc/sys'] }),
    ).toEqual({
      masked: ['/proc/a', '/proc/ab'],
      readonly: ['/proc/sys'],
    });
  });

  test('need not be read-only where they are masked', () => {
    expect(planHiddenPaths({ masked: ['/proc/bus'], readonly: ['/proc/bus', '/proc/bus/pci', '/proc/irq'] })).toEqual({
      masked: ['/proc/bus'],
      readonly: ['/proc/irq'],
    });
  });

  test('may be masked inside what is read-only', () => {
    const lists = { masked: ['/proc/sys/kernel/x'], readonly: ['/proc/sys'] };
    expect(planHiddenPaths(lists)).toEqual(lists);
  });

  test.each([
    'proc/kcore',
    '/proc/../etc/passwd',
    '/proc/./kcore',
    '/proc//kcore',
    '/proc/kcore/',
    '/proc/a\0b',
    '/proc',
    '/proc/',
    '/sys',
    '/etc/shadow',
    '/process/x',
    '',
  ])('of the form %j are refused', (bad) => {
    for (const lists of [
      { masked: [bad], readonly: [] },
      { masked: [], readonly: [bad] },
    ]) {
      expect.assertions(4);
      try {
        planHiddenPaths(lists);
      } catch (error) {
        expect(isErrno(error, 'EINVAL')).toBe(true);
        expect(error).toMatchObject({ path: bad });
      }
    }
  });

  test('stay covered, whatever the lists', () => {
    fc.assert(
      fc.property(fc.array(path), fc.array(path), (masked, readonly) => {
        const plan = planHiddenPaths({ masked, readonly });
        for (const one of masked) expect(plan.masked.some((outer) => covers(outer, one))).toBe(true);
        for (const one of readonly) {
          expect([...plan.masked, ...plan.readonly].some((outer) => covers(outer, one))).toBe(true);
        }
      }),
    );
  });

  test('that are planned once need no second planning', () => {
    fc.assert(
      fc.property(fc.array(path), fc.array(path), (masked, readonly) => {
        const plan = planHiddenPaths({ masked, readonly });
        expect(planHiddenPaths(plan)).toEqual(plan);
      }),
    );
  });
});
