import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allCapabilities } from '@coracle/capabilities';
import { defaultConfig, MASKED_PATHS, READONLY_PATHS } from '@coracle/oci-spec';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { configure } from '../../src/config/config.ts';
import { type Hidden, hiddenFor } from '../../src/config/config-hidden.ts';
import { thermalPaths } from '../../src/host.ts';
import type { SecurityOptions } from '../../src/options/options.ts';
import { securityModules } from '../labels/modules.ts';
import { refusal } from '../refusal.ts';

const THERMAL = '/sys/devices/system/cpu/cpu0/thermal_throttle';
const base = defaultConfig({ args: ['true'] });

const hidden = (security: SecurityOptions, privileged = false): Hidden =>
  hiddenFor({ security, privileged }, base, [THERMAL]);

describe('what of the kernel is hidden', () => {
  test("by default: Docker's paths and those of this machine", () => {
    expect(hidden({})).toEqual({ maskedPaths: [...MASKED_PATHS, THERMAL], readonlyPaths: READONLY_PATHS });
  });

  test('of a privileged container, and where everything is to be shown: nothing but what is named', () => {
    for (const all of [hidden({}, true), hidden({ systemPaths: 'unconfined' })])
      expect(all).toEqual({ maskedPaths: [], readonlyPaths: [] });
    const mask = ['/proc/version', '/etc/shadow'];
    expect(hidden({ mask }, true)).toEqual({ maskedPaths: mask, readonlyPaths: [] });
    expect(hidden({ mask, systemPaths: 'unconfined' }).maskedPaths).toEqual(mask);
  });

  test('less what is named, by a pattern whose stars stay in one name', () => {
    const { maskedPaths, readonlyPaths } = hidden({ unmask: ['/proc/*', '/sys/firmwar?'], mask: ['/proc/version'] });
    expect(maskedPaths).toEqual(['/sys/devices/virtual/powercap', THERMAL, '/proc/version']);
    expect(readonlyPaths).toEqual([]);
    expect(hidden({ unmask: ['/proc/sys'] })).toEqual({
      maskedPaths: [...MASKED_PATHS, THERMAL],
      readonlyPaths: READONLY_PATHS.filter((path) => path !== '/proc/sys'),
    });
    expect(hidden({ unmask: ['/sys/devices/*/*/*/thermal_throttle'] }).maskedPaths).toEqual(MASKED_PATHS);
  });

  test.each(['/proc/version', '/proc', '*', '/proc/.*', ''])('is not %j, so that cannot be shown', (path) => {
    expect(refusal(() => hidden({ unmask: [path] }))).toMatchObject({
      option: 'security.unmask',
      message: `'${path}' is not hidden, so it cannot be shown`,
      hint: expect.stringContaining('there are /proc/acpi,'),
    });
  });

  test.each([
    ['proc/version', 'no absolute path'],
    ['', 'no absolute path'],
    ['/', 'no container can do without it'],
    ['//proc/', 'no container can do without it'],
    ['/dev', 'no container can do without it'],
    ['/a\0b', 'holds a NUL'],
    [`/${'x'.repeat(256)}`, 'longer than the kernel takes'],
  ])('cannot be %j: %s', (path, message) => {
    expect(refusal(() => hidden({ mask: [path] }))).toMatchObject({
      option: 'security.mask',
      message: expect.stringContaining(message),
      hint: expect.any(String),
    });
  });

  test('is found by patterns as a shell would, whatever they are and at once', () => {
    const names = fc.string({ unit: fc.constantFrom('a', 'b', '.', '+', '\\\\', '[', '*', '?'), maxLength: 8 });
    fc.assert(
      fc.property(names, names, (pattern, name) => {
        const whole = new RegExp(
          `^${pattern
            .replaceAll(/[\\^$.|+()[\]{}]/g, '\\$&')
            .replaceAll('*', '.*')
            .replaceAll('?', '.')}$`,
        );
        const given = { security: { unmask: [`/proc/${pattern}`, '/proc/kept'] } };
        const all = { ...base, linux: { maskedPaths: [`/proc/${name}`, '/proc/kept'] } };
        const isFound = whole.test(name);
        // A pattern of any characters finds the other path as well, which is shown anyway.
        if (isFound || whole.test('kept'))
          expect(hiddenFor(given, all).maskedPaths).toEqual(isFound ? [] : [`/proc/${name}`]);
        else expect(() => hiddenFor(given, all)).toThrow('is not hidden');
      }),
    );
    expect(() => hidden({ unmask: [`/proc/${'*?'.repeat(100)}x`] })).toThrow('is not hidden');
  });

  test('of the machine, comes into the configuration of a container', () => {
    const context = { id: 'abcdef012345', inUserNamespace: false, available: allCapabilities() };
    const { config } = configure({ command: ['true'] }, { ...context, modules: securityModules(), hidden: [THERMAL] });
    expect(config.linux?.maskedPaths).toContain(THERMAL);
  });
});

test('processors that tell of their heat are found, and those that do not', () => {
  const directory = mkdtempSync(join(tmpdir(), 'processors-'));
  try {
    for (const name of ['cpu0', 'cpu1', 'cpu10', 'cpufreq'])
      mkdirSync(join(directory, name, 'thermal_throttle'), { recursive: true });
    mkdirSync(join(directory, 'cpu2'));
    const of = (cpu: string): string => `${directory}/${cpu}/thermal_throttle`;
    expect(thermalPaths(directory).sort()).toEqual(['cpu0', 'cpu1', 'cpu10'].map(of));
    rmSync(of('cpu0'), { recursive: true });
    expect(thermalPaths(directory)).toEqual([]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
