import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { needs, until, writeUnits } from '@coracle/test-support';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { open } from '../../src/index.ts';
import { createManaged } from '../../src/systemd/index.ts';

const TIMEOUT_MS = 150_000;
// The virtual machine runs this file once more, as an ordinary user to whom a group was delegated.
const delegated = process.env['CORACLE_DELEGATED_CGROUP'];
const home = `${delegated}/manager`;

/** A user's systemd asks whether the machine's is process 1: in a mount namespace of its own it is told so. */
const BOOT = `
echo 0 > ${home}/cgroup.procs
exec unshare --user --map-current-user --keep-caps --mount sh -c \\
  'mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system && exec /lib/systemd/systemd --user --unit=coracle.target --log-target=null'
`;

needs.describe(
  { what: 'the virtual machine, as an ordinary user with a delegated group', met: delegated !== undefined },
  { what: 'systemd', met: existsSync('/lib/systemd/systemd') },
  needs.program('dbus-daemon'),
)('groups of an ordinary user’s own systemd', () => {
  let [runtime, units] = ['', ''];
  const bus = (): string => `unix:path=${runtime}/bus`;
  const env = (): NodeJS.ProcessEnv => ({
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    XDG_RUNTIME_DIR: runtime,
    DBUS_SESSION_BUS_ADDRESS: bus(),
    SYSTEMD_UNIT_PATH: units,
    SYSTEMD_GENERATOR_PATH: '/none',
  });
  let systemd: ChildProcess;

  beforeAll(async () => {
    runtime = mkdtempSync(join(tmpdir(), 'coracle-user-'));
    units = writeUnits('session');
    writeFileSync(`${delegated}/cgroup.subtree_control`, '+pids +memory +cpu');
    mkdirSync(home);
    systemd = spawn('sh', ['-c', BOOT], { env: env(), stdio: 'ignore' });
    await until(() => existsSync(`${runtime}/bus`), 'the message bus of the user');
  }, TIMEOUT_MS);
  afterAll(async () => {
    const ended = systemd && once(systemd, 'exit');
    await open([home])[Symbol.asyncDispose]();
    await ended;
    for (const directory of [runtime, units]) rmSync(directory, { recursive: true, force: true });
  }, TIMEOUT_MS);

  test(
    'a slice is made, limited and filled without root, and removed',
    async () => {
      const box = await createManaged('box', { pids: 20, memory: '64m' }, { manager: 'systemd', bus: bus() });
      const file = (name: string): string => readFileSync(`${home}/box.slice/${name}`, 'utf8').trim();
      expect([file('pids.max'), file('memory.max')]).toEqual(['20', String(64 << 20)]);
      const [command, ...args] = box.commandInside(['sleep', '1000']);
      expect([command, args[0]]).toEqual(['systemd-run', '--user']);
      const child = spawn(command, args, { env: env(), stdio: 'inherit' });
      const ended = once(child, 'exit');
      await until(() => box.processes().includes(Number(child.pid)), 'the command to begin in the group');
      await box.update({ pids: 'max' });
      expect(file('pids.max')).toBe('max');
      await box.killAll();
      expect(await ended).toEqual([null, 'SIGKILL']);
      await box.delete();
      expect(existsSync(`${home}/box.slice`)).toBe(false);
    },
    TIMEOUT_MS,
  );
});
