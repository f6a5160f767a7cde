import { expect, test } from '@jest/globals';
import { type SystemdFacts, systemdManager } from '../src/systemd-manager.ts';

const facts = (some: Partial<SystemdFacts>): SystemdFacts => ({
  uid: 0,
  ownerOf: () => 0,
  environment: {},
  ...some,
});
const wanted = { systemdCgroup: true };

test('nothing is looked at where nobody has asked for systemd', () => {
  const never = (): never => {
    throw new Error('looked');
  };
  expect(systemdManager({ systemdCgroup: false }, facts({ ownerOf: never }))).toBeUndefined();
});

test('root has that of the machine, whatever his session says', () => {
  const environment = { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/x', XDG_RUNTIME_DIR: '/run/user/0' };
  expect(systemdManager(wanted, facts({ environment }))).toEqual({
    bus: 'unix:path=/run/dbus/system_bus_socket',
    isUsers: false,
  });
});

test.each([
  ['an ordinary user', { uid: 1000 }],
  ['the root of a user namespace in which the machine’s root is nobody', { uid: 0, ownerOf: () => 65534 }],
])('%s has one of his own', (_who, some) => {
  const XDG_RUNTIME_DIR = '/run/user/1000';
  expect(systemdManager(wanted, facts({ ...some, environment: { XDG_RUNTIME_DIR } }))).toEqual({
    bus: 'unix:path=/run/user/1000/bus',
    isUsers: true,
  });
  const environment = { XDG_RUNTIME_DIR, DBUS_SESSION_BUS_ADDRESS: 'unix:abstract=x' };
  expect(systemdManager(wanted, facts({ ...some, environment }))?.bus).toBe('unix:abstract=x');
  expect(() => systemdManager(wanted, facts({ ...some }))).toThrow(
    expect.objectContaining({ code: 'EOPNOTSUPP', hint: expect.stringContaining('loginctl enable-linger') }),
  );
});

test('where systemd is not process 1 that is said, with what helps', () => {
  expect(() => systemdManager(wanted, facts({ ownerOf: () => undefined }))).toThrow(
    expect.objectContaining({ code: 'EOPNOTSUPP', hint: expect.stringContaining('--cgroup-manager cgroupfs') }),
  );
});
