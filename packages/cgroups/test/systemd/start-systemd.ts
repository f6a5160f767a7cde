import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CgroupV2 } from '@coracle/cgroups-v2';

/** A systemd of the test's own: process 1 of a pid namespace, with a message bus, in a group that is its whole tree. */
export interface OwnSystemd extends AsyncDisposable {
  /** The address of its bus, from outside. */
  address: string;
  /** Starts a program beside it, in the group tree it sees. The pid is the one that systemd knows. */
  start(command: readonly string[]): Promise<{ pid: number; child: ChildProcess }>;
  /** Where its tree is, from outside. */
  directory: string;
}

const UNITS = {
  'dbus.socket': '[Unit]\nDefaultDependencies=no\n[Socket]\nListenStream=/run/dbus/system_bus_socket\n',
  'dbus.service':
    '[Unit]\nDefaultDependencies=no\nRequires=dbus.socket\nAfter=dbus.socket\n[Service]\n' +
    'ExecStart=/usr/bin/dbus-daemon --system --address=systemd: --nofork --nopidfile --systemd-activation --syslog-only\n',
  'coracle.target': '[Unit]\nDefaultDependencies=no\nRequires=dbus.service\nAfter=dbus.service\n',
};

/** Its units are all it finds: a system's own would take minutes under emulation. */
const BOOT = `
set -e
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system /run/dbus
cp "$UNITS"/* /run/systemd/system
mount -t tmpfs tmpfs /tmp
umount -l /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
exec env -i container=other PATH=/usr/bin:/bin:/usr/sbin:/sbin SYSTEMD_UNIT_PATH=/run/systemd/system SYSTEMD_GENERATOR_PATH=/none \\
  "$0" --system --unit=coracle.target --log-target=null --show-status=no
`;

/** @param top the top of the tree of version 2, with all its controllers */
export async function startSystemd(top: string): Promise<OwnSystemd> {
  const directory = `${top}/coracle-test-systemd-${process.pid}`;
  const units = mkdtempSync(join(tmpdir(), 'coracle-systemd-'));
  for (const [name, text] of Object.entries(UNITS)) writeFileSync(join(units, name), text);
  mkdirSync(directory);
  // Who waits for it stays outside of its tree, whose top must have no processes.
  const outside = ['--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private'];
  const enter = `echo 0 > ${directory}/cgroup.procs; exec unshare --cgroup sh -c "$1" /lib/systemd/systemd`;
  const outer = spawn('unshare', [...outside, 'sh', '-c', enter, 'sh', BOOT], {
    env: { ...process.env, UNITS: units },
    stdio: 'ignore',
  });
  const ended = once(outer, 'exit');
  const init = await childOf(Number(outer.pid));
  const root = `/proc/${init}/root`;
  const dispose = async (): Promise<void> => {
    const group = CgroupV2.open(directory);
    await group.killAll();
    await ended;
    await group.delete();
    rmSync(units, { recursive: true });
  };
  try {
    await until(() => existsSync(`${root}/run/dbus/system_bus_socket`), 'the message bus of systemd');
    return {
      address: `unix:path=${root}/run/dbus/system_bus_socket`,
      directory,
      async start(command) {
        // In its tree before it enters: systemd does not move what comes from elsewhere.
        const home = `${directory}/system.slice`;
        await until(() => existsSync(home), 'the slice of the system');
        mkdirSync(`${home}/start`, { recursive: true });
        const enter = `echo 0 > ${home}/start/cgroup.procs; exec nsenter -t ${init} -p -m -C sh -c 'echo $$; exec "$@"' sh "$@"`;
        const child = spawn('sh', ['-c', enter, 'sh', ...command], { stdio: ['ignore', 'pipe', 'inherit'] });
        const [text] = await once(child.stdout, 'data');
        return { pid: Number.parseInt(String(text), 10), child };
      },
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function childOf(pid: number): Promise<number> {
  const read = (): string => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  await until(() => read() !== '', 'the first process');
  return Number(read().split(' ')[0]);
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 100_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited too long for ${what}`);
    await sleep(20);
  }
}
