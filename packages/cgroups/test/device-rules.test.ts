import { describe, expect, test } from '@jest/globals';
import { DEFAULT_DEVICE_RULES, detect, parseDeviceRule, plan } from '../src/index.ts';
import * as machines from './machines.ts';

const machineOf = (fixture: machines.MachineFixture) => detect(machines.factsOf(fixture));
const DEVICES = '/sys/fs/cgroup/devices';
const rules = [parseDeviceRule('c 1:3 rw')];

/** As `separate`, where root may change the controller's hierarchy too. */
const separate = machines.asRoot({
  ...machines.separate,
  writable: [...machines.separate.writable, DEVICES],
});

describe('rules for devices can be set', () => {
  test('on version 1, where its controller may be changed', () => {
    expect(machineOf(separate).devices).toEqual({ version: 'v1' });
  });

  test('on version 2, which needs no controller', () => {
    expect(machineOf(machines.asRoot(machines.laptopRoot)).devices).toEqual({ version: 'v2' });
  });

  test('on the version 2 that is beside a version 1 without the controller', () => {
    expect(machineOf(machines.asRoot(machines.hybrid)).devices).toEqual({ version: 'v2' });
    expect(machineOf(machines.asRoot(machines.separate)).devices).toEqual({ version: 'v2' });
  });

  test('with CAP_BPF and CAP_NET_ADMIN alone, on version 2 only', () => {
    const bpf = '0000008000001000';
    expect(machineOf(machines.withRights(machines.laptopRoot, bpf)).devices).toEqual({ version: 'v2' });
    expect(machineOf(machines.withRights(separate, bpf)).devices).toEqual({ version: 'v2' });
    expect(machineOf(machines.withRights(machines.laptopRoot, '0000008000000000')).devices).toMatchObject({
      version: undefined,
    });
  });
});

describe('rules for devices cannot be set', () => {
  test.each([
    ['an ordinary user', machines.withRights(machines.laptopUser, '0000000000000000')],
    ['the root of a user namespace', machines.withRights(machines.laptopRoot, '000001ffffffffff', '0 1000 1\n')],
    ['nobody knows who', machines.laptopRoot],
  ])('by %s, who loses nothing', (_, fixture) => {
    const machine = machineOf(fixture);
    expect(machine.devices).toEqual({
      version: undefined,
      reason: expect.stringContaining('without root no device node can be made'),
      fix: expect.any(String),
    });
    expect(() => plan({ machine, name: 'box', devices: rules })).toThrow(
      expect.objectContaining({
        code: 'EOPNOTSUPP',
        path: 'devices',
        message: expect.stringContaining('only root can set rules for devices'),
      }),
    );
  });

  test.each([
    ['a container that may make nodes', machines.withRights(machines.laptopRoot, '00000000a80425fb'), 'CAP_SYS_ADMIN'],
    ['read-only version 2', machines.asRoot(machines.dockerV2), '/sys/fs/cgroup is mounted read-only'],
    ['no controller, no version 2', machines.asRoot(machines.comounted), 'the controller devices is not mounted'],
    ['no cgroups at all', machines.asRoot(machines.nothing), 'no cgroups are mounted'],
    [
      'version 1 that may not be changed',
      machines.asRoot({
        ...machines.comounted,
        mountinfo: `${machines.comounted.mountinfo}37 30 0:35 / ${DEVICES} ro - cgroup cgroup ro,devices\n`,
      }),
      `${DEVICES} is mounted read-only`,
    ],
  ])('with %s', (_, fixture, reason) => {
    expect(machineOf(fixture).devices).toEqual({
      version: undefined,
      reason: expect.stringContaining(reason),
      fix: expect.any(String),
    });
  });
});

describe('a plan with rules for devices', () => {
  test('on version 1 they are writes in a directory of their own hierarchy', () => {
    const planned = plan({ machine: machineOf(separate), name: 'box', devices: rules });
    expect(planned).toMatchObject({ version: 'v1', deviceProgram: undefined });
    expect(planned?.directories).toContain(`${DEVICES}/box`);
    expect(planned?.joinFiles).toContain(`${DEVICES}/box/cgroup.procs`);
    expect(planned?.create.slice(-2)).toMatchObject([
      { path: `${DEVICES}/box/devices.deny`, value: 'a *:* rwm' },
      { path: `${DEVICES}/box/devices.allow`, value: 'c 1:3 rw' },
    ]);
  });

  test('groups on the way are made in their hierarchy too', () => {
    const paths = plan({ machine: machineOf(separate), name: 'a/box', devices: rules })?.create.map(({ path }) => path);
    expect(paths).toContain(`${DEVICES}/a`);
  });

  test('without rules the group has no part in the hierarchy of devices', () => {
    expect(plan({ machine: machineOf(separate), name: 'box' })?.directories).not.toContain(`${DEVICES}/box`);
  });

  test('on version 2 they are a program for the group', () => {
    const planned = plan({ machine: machineOf(machines.asRoot(machines.laptopRoot)), name: 'box', devices: rules });
    expect(planned).toMatchObject({ version: 'v2', deviceProgram: { directory: '/sys/fs/cgroup/box' } });
    expect(planned?.deviceProgram?.instructions.length).toBe(15 * 8);
    expect(plan({ machine: machineOf(machines.laptopRoot), name: 'box' })?.deviceProgram).toBeUndefined();
  });

  test('limits on version 1 and rules on version 2: one group in both', () => {
    const machine = machineOf(machines.asRoot(machines.hybrid));
    const planned = plan({ machine, name: 'box', limits: { pids: 20 }, devices: DEFAULT_DEVICE_RULES });
    expect(planned).toMatchObject({
      version: 'hybrid',
      joinDirectory: '/sys/fs/cgroup/unified/box',
      deviceProgram: { directory: '/sys/fs/cgroup/unified/box' },
    });
    expect(planned?.directories).toContain('/sys/fs/cgroup/pids/user.slice/user-0.slice/box');
  });

  test('rules that cannot be meant are refused on either version', () => {
    for (const fixture of [separate, machines.asRoot(machines.laptopRoot)]) {
      const devices = [{ allow: true, type: 'p' }];
      expect(() => plan({ machine: machineOf(fixture), name: 'box', devices })).toThrow(
        expect.objectContaining({ code: 'EINVAL', path: 'devices' }),
      );
    }
  });
});
