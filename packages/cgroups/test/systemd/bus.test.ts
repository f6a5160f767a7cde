import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { bundledProgram, needs } from '@coracle/test-support';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { socketPath } from '../../src/systemd/bus-address.ts';
import { type Bus, endUnit, openBus } from '../../src/systemd/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'coracle-bus-'));
afterAll(() => rmSync(directory, { recursive: true }));

test.each([
  ['unix:path=/run/user/1000/bus', '/run/user/1000/bus'],
  ['unix:guid=1,path=/a%20b', '/a b'],
  ['tcp:host=x;unix:abstract=/tmp/x', '\0/tmp/x'],
])('%s is the socket %j', (address, path) => {
  expect(socketPath(address)).toBe(path);
});

test('an address that is none of this machine is named', async () => {
  await expect(openBus('tcp:host=example.org')).rejects.toMatchObject({
    code: 'EAFNOSUPPORT',
    path: 'tcp:host=example.org',
  });
});

/** Says some bytes to everybody who connects, and then hangs up or says no more. */
async function saying(name: string, { bytes, hangsUp = true }: { bytes: string; hangsUp?: boolean }) {
  const path = join(directory, name);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).write(bytes);
    if (hangsUp) socket.end();
  });
  server.listen(path);
  await once(server, 'listening');
  const close = (): void => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { address: `unix:path=${path}`, [Symbol.dispose]: close };
}

test.each([
  ['does not let one in', 'REJECTED EXTERNAL\r\n', 'EACCES'],
  ['hangs up', '', 'ECONNRESET'],
  ['hangs up when it has let one in', 'OK 0123\r\n', 'ECONNREFUSED'],
])('a bus that %s makes an error', async (name, bytes, code) => {
  using bus = await saying(name, { bytes });
  await expect(openBus(bus.address)).rejects.toMatchObject({ code, syscall: 'connect', path: bus.address });
});

test.each([
  ['says nothing', '', 'AUTH', 'org.freedesktop.systemd1'],
  ['lets one in and says no more', 'OK 0123\r\n', 'AddMatch', 'org.freedesktop.DBus'],
])('a bus that %s is not waited for longer than is wanted', async (name, bytes, syscall, who) => {
  using bus = await saying(name, { bytes, hangsUp: false });
  await expect(openBus(bus.address, { timeoutMs: 50 })).rejects.toMatchObject({
    code: 'ETIMEDOUT',
    syscall,
    path: bus.address,
    message: expect.stringContaining(`${who} has not answered within 0.05 s`),
  });
});

test('a job that systemd does not come to the end of is named', async () => {
  const bus: Bus = {
    timeoutMs: 50,
    call: async () => ['/org/freedesktop/systemd1/job/1'],
    onSignal: () => () => {},
    [Symbol.dispose]() {},
  };
  await expect(endUnit(bus, 'box.scope')).rejects.toMatchObject({
    code: 'ETIMEDOUT',
    syscall: 'StopUnit',
    path: 'box.scope',
    message: expect.stringContaining('has not finished it within 0.05 s'),
  });
});

const PROGRAM = await bundledProgram(new URL('asks-bus.ts', import.meta.url));
// The client for D-Bus is not in the bundle: it is beside the package, as for who installs both.
const CLIENT = 'node_modules/@homebridge';
symlinkSync(join(import.meta.dirname, '../..', CLIENT), join(dirname(PROGRAM[1]), CLIENT));

/** Who runs tests without root has a bus as himself; root has it as somebody else. */
const AS_USER = process.geteuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--'] : [];

function canMap(): boolean {
  const [program = '', ...args] = [...AS_USER, 'unshare', '--user', '--map-root-user', 'true'];
  return spawnSync(program, args).status === 0;
}

needs.describe(needs.program('dbus-daemon'))('a message bus', () => {
  const address = `unix:path=${directory}/real`;
  let daemon: ChildProcess;
  beforeAll(async () => {
    chmodSync(directory, 0o777);
    const [program = '', ...options] = [...AS_USER, 'dbus-daemon', '--session', '--nofork', '--nopidfile'];
    const all = [...options, '--print-address', `--address=${address}`];
    daemon = spawn(program, all, { stdio: ['ignore', 'pipe', 'ignore'] });
    if (daemon.stdout) await once(daemon.stdout, 'data');
  });
  afterAll(async () => {
    const ended = once(daemon, 'exit');
    daemon.kill();
    await ended;
  });

  const asking = (...before: readonly string[]): { stdout: string; stderr: string } => {
    const [program = '', ...args] = [...AS_USER, ...before, ...PROGRAM, address];
    const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
    return { stdout, stderr };
  };

  test('is told from systemd', () => {
    const uid = AS_USER.length > 0 ? 65534 : process.geteuid?.();
    expect(asking()).toEqual({ stdout: `${uid} ECONNREFUSED systemd is not on this bus\n`, stderr: '' });
  });

  // The client names its own id where it greets the bus by itself, which is 0 there; the bus is told another by the kernel.
  needs.test({ what: 'user namespaces', met: canMap() })(
    'lets the root of a user namespace in as who he is outside',
    () => {
      const { stdout, stderr } = asking('unshare', '--user', '--map-root-user');
      expect({ stdout, stderr }).toEqual({ stdout: '0 ECONNREFUSED systemd is not on this bus\n', stderr: '' });
    },
  );
});
