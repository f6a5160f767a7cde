import { accessSync, constants, readdirSync, readFileSync } from 'node:fs';
import {
  DEFAULT_DEVICE_RULES,
  type DeviceRequest,
  type DeviceRule,
  isDeviceAllowed,
  parseDeviceRule,
} from '@coracle/cgroups-core';
import { probeDevices } from '@coracle/cgroups-core/testing';
import { isErrno } from '@coracle/errors';
import { Agent, attachDeviceProgram, attachDeviceProgramHere, replaceDeviceProgramHere, step } from '@coracle/syscalls';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CgroupV2, planDevices } from '../src/index.ts';

const TIMEOUT_MS = 90_000;
const parent = findMountPoint();
const name = `coracle-test-devices-${process.pid}`;
const directory = `${parent}/${name}`;
const procs = `${directory}/cgroup.procs`;

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

describe('a group with a device program', () => {
  testHere('/dev/null can be opened and /dev/full cannot, but its node can be made', async () => {
    await using group = CgroupV2.create({ parent: `${parent}`, name });
    const rules = DEFAULT_DEVICE_RULES.filter(({ minor }) => minor !== 7);
    const requests = [ask('c 1:3', 'rw'), ask('c 1:7', 'r'), ask('c 1:7', 'm'), ask('b 60:3', 'r')];
    expect(probeDevices(procs, requests)).toEqual([true, true, true, true]);
    attachDeviceProgramHere(planDevices(rules, `${group.directories[0]}`));
    expect(probeDevices(procs, requests)).toEqual([true, false, true, false]);
  });

  testHere('the steps for an agent put it in force and leave no descriptor open', async () => {
    await using group = CgroupV2.create({ parent: `${parent}`, name });
    using agent = Agent.spawn();
    // It has let go of what was open here once it answers.
    await agent.channel.run({ steps: [step('getpid', [], 'be there')] });
    const before = descriptors(agent.pid);
    const steps = attachDeviceProgram(planDevices([], `${group.directories[0]}`), { group: 40, program: 41 });
    (await agent.channel.run({ steps })).throwIfFailed();
    expect(descriptors(agent.pid)).toEqual(before);
    expect(probeDevices(procs, [ask('c 60:3', 'r')])).toEqual([false]);
  });

  testHere('the kernel decides as the rules say, whatever they are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(rule, { maxLength: 6 }), async (rules) => {
        await using group = CgroupV2.create({ parent: `${parent}`, name });
        attachDeviceProgramHere(planDevices(rules, `${group.directories[0]}`));
        expect(probeDevices(procs, REQUESTS)).toEqual(REQUESTS.map((request) => isDeviceAllowed(rules, request)));
      }),
      { numRuns: 12 },
    );
  });

  testHere('the kernel takes as many rules as fit', async () => {
    await using group = CgroupV2.create({ parent: `${parent}`, name });
    const access = ['r', 'w', 'm', 'rw', 'rm', 'wm'];
    const rules = Array.from({ length: 800 }, (_, index) =>
      parseDeviceRule(`${index % 3 ? 'c' : 'b'} ${index % 7}:${index} ${access[index % 6]}`, { allow: index % 2 > 0 }),
    );
    attachDeviceProgramHere(planDevices([parseDeviceRule('c 60:3 r'), ...rules], `${group.directories[0]}`));
    expect(probeDevices(procs, [ask('c 60:3', 'r'), ask('c 60:3', 'w')])).toEqual([true, false]);
  });

  testHere('a program takes the place of those that were attached before, and not of those above', async () => {
    await using above = CgroupV2.create({ parent: `${parent}`, name });
    await using below = CgroupV2.create({ parent: directory, name: 'below' });
    const [top, group] = [`${above.directories[0]}`, `${below.directories[0]}`];
    const requests = [ask('c 60:3', 'r'), ask('c 60:4', 'r'), ask('c 60:5', 'r')];
    attachDeviceProgramHere(planDevices([parseDeviceRule('c 60:3 r'), parseDeviceRule('c 60:4 r')], top));
    attachDeviceProgramHere(planDevices([parseDeviceRule('c 60:3 r')], group));
    attachDeviceProgramHere(planDevices([], group));
    const replace = (...rules: DeviceRule[]): boolean[] => {
      replaceDeviceProgramHere(planDevices(rules, group));
      return probeDevices(`${group}/cgroup.procs`, requests);
    };
    expect(replace(parseDeviceRule('c 60:* r'))).toEqual([true, true, false]);
    expect(replace(parseDeviceRule('c 60:4 r'))).toEqual([false, true, false]);
    expect(replace()).toEqual([false, false, false]);
  });

  testHere('a group below is bound by its own program and by the one above', async () => {
    await using above = CgroupV2.create({ parent: `${parent}`, name });
    await using below = CgroupV2.create({ parent: directory, name: 'below' });
    attachDeviceProgramHere(planDevices([parseDeviceRule('c 1:* rw')], `${above.directories[0]}`));
    attachDeviceProgramHere(planDevices([parseDeviceRule('c *:3 rw')], `${below.directories[0]}`));
    const requests = [ask('c 1:3', 'rw'), ask('c 1:7', 'r'), ask('c 60:3', 'r')];
    expect(probeDevices(`${below.directories[0]}/cgroup.procs`, requests)).toEqual([true, false, false]);
    await below.delete();
  });

  testHere('a directory that is no group is named by the error, and nothing stays open', () => {
    const before = descriptors(process.pid);
    expect(() => attachDeviceProgramHere(planDevices([], '/tmp'))).toThrow(
      expect.objectContaining({ code: 'EBADF', syscall: 'bpf', step: 'put the rules for devices in force' }),
    );
    expect(() => attachDeviceProgramHere(planDevices([], `${directory}/none`))).toThrow(
      expect.objectContaining({ code: 'ENOENT', path: `${directory}/none` }),
    );
    expect(descriptors(process.pid)).toEqual(before);
  });
});

function ask(device: string, access: string): DeviceRequest {
  const { type, major = 0, minor = 0 } = parseDeviceRule(`${device} r`);
  return { type: type === 'b' ? 'b' : 'c', major, minor, access };
}

/** Numbers of what is open in a process. */
function descriptors(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`);
}

/** A test that says what it lacks when it is skipped. */
function testHere(title: string, body: () => void | Promise<void>): void {
  if (process.getuid?.() === 0 && parent !== undefined && isWritable(`${parent}/cgroup.procs`))
    test(title, body, TIMEOUT_MS);
  else test.skip(`${title} (skipped: needs root and cgroup v2, mounted and writable)`, body);
}

function findMountPoint(): string | undefined {
  const mount = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .find((line) => line.includes(' - cgroup2 '));
  return mount?.split(' ')[4];
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
