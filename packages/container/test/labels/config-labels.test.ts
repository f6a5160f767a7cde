import { describe, expect, test } from '@jest/globals';
import { labelsFor } from '../../src/labels/config-labels.ts';
import { parseConfinement, type SecurityModules } from '../../src/labels/security-modules.ts';
import type { ContainerOptions, SecurityOptions } from '../../src/options/options.ts';
import { refusal } from '../refusal.ts';
import { securityModules } from './modules.ts';

const labels = (options: Partial<ContainerOptions>, modules: Partial<SecurityModules>): ReturnType<typeof labelsFor> =>
  labelsFor({ command: ['true'], ...options }, securityModules(modules));
const profile = (options: Partial<ContainerOptions>, modules: Partial<SecurityModules>): string | undefined =>
  labels(options, modules).process.apparmorProfile;
const loaded = { hasApparmor: true, hasDefaultProfile: true };

describe('the AppArmor profile', () => {
  test('that nobody names is coracle-default where it is loaded, for a caller who is under none', () => {
    expect(profile({}, loaded)).toBe('coracle-default');
    expect(profile({}, { hasApparmor: true })).toBeUndefined();
    expect(profile({}, { ...loaded, ownProfile: 'docker-default' })).toBeUndefined();
    expect(profile({ privileged: true }, loaded)).toBeUndefined();
    expect(profile({ security: { apparmor: 'unconfined' } }, loaded)).toBeUndefined();
  });

  test('of a kernel without AppArmor is not looked for', () => {
    const modules: SecurityModules = {
      ...securityModules(),
      get hasDefaultProfile(): boolean {
        throw new Error('it was looked for');
      },
    };
    expect(labelsFor({ command: ['true'] }, modules)).toEqual({ process: {}, linux: {} });
  });

  test('that is named counts, whatever else holds', () => {
    const security = { apparmor: 'my profile//with&parts' };
    for (const modules of [loaded, { hasApparmor: true, ownProfile: 'docker-default' }])
      expect(profile({ security, privileged: true }, modules)).toBe(security.apparmor);
  });

  test.each(['', ' x', 'x ', 'a\nb', 'a\0b', 7 as unknown as string])('cannot be called %j', (apparmor) => {
    expect(refusal(() => labels({ security: { apparmor } }, loaded))).toMatchObject({
      option: 'security.apparmor',
      hint: expect.stringContaining('unconfined'),
    });
  });

  test('of the caller is what the kernel says', () => {
    expect(parseConfinement('unconfined\n')).toBeUndefined();
    expect(parseConfinement('docker-default (enforce)\n')).toBe('docker-default');
    expect(parseConfinement('a (b) c//&d (complain)\n')).toBe('a (b) c//&d');
    expect(parseConfinement('coracle (unconfined)\n')).toBeUndefined();
    expect(parseConfinement('')).toBeUndefined();
  });
});

describe('what a kernel has not is', () => {
  const none = (security: SecurityOptions) => (): unknown => labels({ security }, {});

  test('an error when it is asked for, with the remedy', () => {
    expect(none({ apparmor: 'box' })).toThrow(/^EOPNOTSUPP: AppArmor is not at work in this kernel/);
    expect(none({ selinuxLabel: { type: 'box_t' } })).toThrow(/^EOPNOTSUPP: SELinux is not at work in this kernel/);
    expect(() => labels({ security: { selinuxLabel: { type: 'box_t' } } }, {})).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/security=selinux.*label=disable/) }),
    );
  });

  test('no error when it is not to be used', () => {
    expect(none({ apparmor: 'unconfined', selinuxLabel: 'disable' })()).toEqual({ process: {}, linux: {} });
  });
});

describe('the SELinux labels', () => {
  const selinux = (selinuxLabel: SecurityOptions['selinuxLabel']): [string | undefined, string | undefined] => {
    const { process, linux } = labels(
      { security: selinuxLabel === undefined ? {} : { selinuxLabel } },
      { hasSelinux: true },
    );
    return [process.selinuxLabel, linux.mountLabel];
  };

  test('are none if nothing is said', () => {
    expect(selinux(undefined)).toEqual([undefined, undefined]);
  });

  test("are the policy's own, but for the parts that are named; user and level go for files too", () => {
    expect(selinux({ level: 's0:c1,c2' })).toEqual([
      'system_u:system_r:container_t:s0:c1,c2',
      'system_u:object_r:container_file_t:s0:c1,c2',
    ]);
    expect(selinux({ user: 'u', role: 'r', type: 't', fileType: 'f', level: 's0-s15:c0.c1023' })).toEqual([
      'u:r:t:s0-s15:c0.c1023',
      'u:object_r:f:s0-s15:c0.c1023',
    ]);
  });

  test('have a level with two categories of their own if none is named, the same in both', () => {
    for (let times = 0; times < 200; times++) {
      const [process = '', mount = ''] = selinux({ type: 'box_t' });
      const [, level, low, high] = /^system_u:system_r:box_t:(s0:c(\d+),c(\d+))$/.exec(process) ?? [];
      expect(mount).toBe(`system_u:object_r:container_file_t:${level}`);
      expect(Number(low)).toBeLessThan(Number(high));
      expect(Number(high)).toBeLessThan(1024);
    }
  });

  test('can be written as one', () => {
    expect(selinux('a:b:c:s0:c7')).toEqual(['a:b:c:s0:c7', 'a:object_r:container_file_t:s0:c7']);
  });

  test.each<[NonNullable<SecurityOptions['selinuxLabel']>, RegExp]>([
    ['container_t', /is no SELinux label/],
    ['a:b', /is no SELinux label/],
    ['a:b:c,context=x', /cannot be the type/],
    [{ type: '' }, /cannot be the type/],
    [{ user: 'a:b' }, /cannot be the user/],
    [{ level: 'c1,c2' }, /cannot be the level/],
    [{ level: 's0 c1' }, /cannot be the level/],
    [{ fileType: 'a b' }, /cannot be the file type/],
  ])('cannot be %j', (selinuxLabel, message) => {
    const { option, hint, message: text } = refusal(() => selinux(selinuxLabel));
    expect(option).toBe('security.selinuxLabel');
    expect(text).toMatch(message);
    expect(hint).toMatch(/container_t|s0:c1,c2/);
  });

  test('have no level in a policy without them', () => {
    const selinuxContexts = { process: 'u:r:box_t', file: 'u:object_r:file_t' };
    const security = { selinuxLabel: { type: 'x_t' } };
    const { process, linux } = labels({ security }, { hasSelinux: true, selinuxContexts });
    expect([process.selinuxLabel, linux.mountLabel]).toEqual(['u:r:x_t', 'u:object_r:file_t']);
  });
});
