import { accessSync, constants, readFileSync } from 'node:fs';
import {
  DEFAULT_DEVICE_RULES,
  type DeviceRequest,
  type DeviceRule,
  isDeviceAllowed,
  parseDeviceRule,
} from '@coracle/cgroups-core';
import { probeDevices } from '@coracle/cgroups-core/testing';
import { isErrno } from '@coracle/errors';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CgroupV1, type Place } from '../src/index.ts';

const top = '/sys/fs/cgroup/devices';
const place: Place = { devices: `${top}/coracle-test-devices-${process.pid}` };

/** No driver has the majors from 60 to 63; 1:3 is /dev/null. */
const REQUESTS: DeviceRequest[] = ['c 1:3', 'c 60:3', 'b 60:5'].flatMap((device) =>
  ['r', 'w', 'rw', 'm'].map((access) => ask(device, access)),
);

const rule: fc.Arbitrary<DeviceRule> = fc
  .record({
    allow: fc.boolean(),
    device: fc.constantFrom('c 1:3', 'c 1:*', 'c *:3', 'c *:*', 'c 60:3', 'b *:5', 'a'),
    access: fc.constantFrom('r', 'w', 'm', 'rw', 'rwm'),
  })
  .map(({ allow, device, access }) => parseDeviceRule(device === 'a' ? 'a' : `${device} ${access}`, { allow }));

describe('a group with rules for devices', () => {
  testHere('by default /dev/null can be opened and a disk cannot, but any node can be made', async () => {
    await using group = CgroupV1.create(place, {}, { devices: DEFAULT_DEVICE_RULES });
    const answers = probeDevices(`${group.directories[0]}/cgroup.procs`, [
      ask('c 1:3', 'rw'),
      ask('b 60:3', 'm'),
      ask('b 60:3', 'r'),
      ask('c 60:3', 'rw'),
    ]);
    expect(answers).toEqual([true, true, false, false]);
    expect(readFileSync(`${place.devices}/devices.list`, 'utf8')).toContain('c 136:* rwm\n');
  });

  testHere('the kernel decides as the rules say, whatever they are', async () => {
    let kept = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(rule, { maxLength: 6 }), async (devices) => {
        try {
          await using group = CgroupV1.create(place, {}, { devices });
          kept++;
          const answers = probeDevices(`${group.directories[0]}/cgroup.procs`, REQUESTS);
          expect(answers).toEqual(REQUESTS.map((request) => isDeviceAllowed(devices, request)));
        } catch (error) {
          if (!isErrno(error, 'EOPNOTSUPP')) throw error;
        }
      }),
      { numRuns: 12 },
    );
    expect(kept).toBeGreaterThan(2);
  });

  testHere('what the group above does not allow cannot be allowed below, and the error says so', async () => {
    await using above = CgroupV1.create(place, {}, { devices: [parseDeviceRule('c 1:3 r')] });
    const below = { devices: `${place.devices}/below` };
    expect(() => CgroupV1.create(below, {}, { devices: [parseDeviceRule('c 1:3 rw')] })).toThrow(
      expect.objectContaining({
        code: 'EPERM',
        path: `${below.devices}/devices.allow`,
        message: expect.stringContaining(`the group ${above.directories[0]} does not allow that itself`),
      }),
    );
  });
});

function ask(device: string, access: string): DeviceRequest {
  const { type, major = 0, minor = 0 } = parseDeviceRule(`${device} r`);
  return { type: type === 'b' ? 'b' : 'c', major, minor, access };
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EACCES', 'EROFS')) return false;
    throw error;
  }
}

/** A test that says what it lacks when it is skipped. */
function testHere(title: string, body: () => Promise<void>): void {
  if (process.getuid?.() === 0 && isWritable(`${top}/cgroup.procs`)) test(title, body, 60_000);
  else test.skip(`${title} (skipped: needs root and the v1 controller devices, mounted and writable)`, body);
}
