import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { needs, type Requirement } from './needs.ts';
import { removeGroup } from './podman.ts';

/** A systemd of the test's own: process 1 of a pid namespace, with a message bus, in a group that is its whole tree. */
export interface OwnSystemd extends AsyncDisposable {
  /** The address of its bus, from outside. */
  address: string;
  /** Starts a program beside it, in the group tree it sees. The pid is the one that systemd knows. */
  start(command: readonly string[]): Promise<{ pid: number; child: ChildProcess }>;
  /** Runs a program beside it as {@link start} does, to its end. */
  run(command: readonly string[]): Promise<{ code: number | null; output: string }>;
  /** A command that takes systemd for that of the machine, as {@link start} does, for any function that starts programs. */
  inside(command: readonly string[]): Promise<[string, ...string[]]>;
  /** Where its tree is, from outside: in one hierarchy, or in several. */
  directories: readonly string[];
  /** The text of a file of a group of its tree, in whichever hierarchy has it; `undefined` where none has. */
  read(path: string): string | undefined;
  /** Its hierarchies, as if they were all there are. */
  facts: { mountinfo: string };
}

/** To start a systemd in a namespace. */
export const SYSTEMD: readonly Requirement[] = [
  needs.root,
  { what: 'systemd', met: existsSync('/lib/systemd/systemd') },
  needs.program('dbus-daemon'),
];

/** For one that has version 2 to itself. */
export function onlyVersion2(): Requirement {
  const controllers = textOf('/sys/fs/cgroup/cgroup.controllers');
  const met = ['memory', 'pids', 'cpu'].every((one) => controllers.includes(one));
  return { what: 'cgroup v2, mounted and writable, with its controllers', met };
}

/** For the virtual machine, booted with version 1 alone (`'1'`) or with version 2 beside it. */
export function machineWith(cgroups: '1' | 'hybrid'): Requirement {
  return {
    what: `the virtual machine with cgroups of version 1${cgroups === '1' ? '' : ' and 2'}`,
    met: textOf('/proc/cmdline').split(/\s+/).includes(`coracle.cgroups=${cgroups}`),
  };
}

function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** A message bus is all that it has to start; a system's own units would take minutes under emulation. */
const unitsFor = (bus: 'system' | 'session'): Readonly<Record<string, string>> => ({
  'dbus.socket': `[Unit]\nDefaultDependencies=no\n[Socket]\nListenStream=%t/${bus === 'system' ? 'dbus/system_bus_socket' : 'bus'}\n`,
  'dbus.service':
    '[Unit]\nDefaultDependencies=no\nRequires=dbus.socket\nAfter=dbus.socket\n[Service]\n' +
    `ExecStart=/usr/bin/dbus-daemon --${bus} --address=systemd: --nofork --nopidfile --systemd-activation --syslog-only\n`,
  'coracle.target': '[Unit]\nDefaultDependencies=no\nRequires=dbus.service\nAfter=dbus.service\n',
});

/** A user, with a systemd of his own as after a login, to which these controllers are delegated. */
export interface SystemdUser {
  uid: number;
  controllers: string;
}

/** Where the user's systemd finds its units. */
const SESSION_UNITS = '/run/session-units';

const unitsOfUser = ({ uid, controllers }: SystemdUser): Readonly<Record<string, string>> => ({
  'user@.service': [
    '[Unit]\nDefaultDependencies=no\nRequires=dbus.service\nAfter=dbus.service\n[Service]\nType=notify',
    'User=%i\nSlice=user-%i.slice\nRuntimeDirectory=user/%i\nRuntimeDirectoryMode=0700',
    `Environment=XDG_RUNTIME_DIR=/run/user/%i SYSTEMD_UNIT_PATH=${SESSION_UNITS} SYSTEMD_GENERATOR_PATH=/none`,
    `Delegate=${controllers}\nExecStart=/lib/systemd/systemd --user --unit=coracle.target --log-target=null\n`,
  ].join('\n'),
  'coracle.target': `[Unit]\nDefaultDependencies=no\nRequires=dbus.service user@${uid}.service\nAfter=dbus.service\n`,
});

/** A directory with files for units. */
export function writeUnits(bus: 'system' | 'session', user?: SystemdUser): string {
  const directory = mkdtempSync(join(tmpdir(), 'coracle-systemd-'));
  const units = { ...unitsFor(bus), ...(user ? unitsOfUser(user) : {}) };
  for (const [name, text] of Object.entries(units)) writeFileSync(join(directory, name), text);
  if (user) {
    mkdirSync(join(directory, 'session'));
    for (const [name, text] of Object.entries(unitsFor('session')))
      writeFileSync(join(directory, 'session', name), text);
  }
  return directory;
}

/** A hierarchy as /proc/mounts has it. */
interface Hierarchy {
  mountPoint: string;
  type: string;
  options: readonly string[];
}

/** The hierarchies are mounted again where they were: in its namespace of cgroups they begin with its own groups. */
const boot = (mounts: readonly Hierarchy[]): string => `
set -e
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system /run/dbus
cp "$UNITS"/*.* /run/systemd/system
if [ -d "$UNITS/session" ]; then cp -r "$UNITS/session" ${SESSION_UNITS}; fi
if [ "$PROGRAMS" ]; then mkdir ${PROGRAMS} && mount --bind "$PROGRAMS" ${PROGRAMS} && mount -t tmpfs tmpfs /tmp; fi
umount -l /sys/fs/cgroup
${mounts.length > 1 ? 'mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup' : ''}
${mounts.map(mountAgain).join('\n')}
exec env -i container=other PATH=/usr/bin:/bin:/usr/sbin:/sbin SYSTEMD_UNIT_PATH=/run/systemd/transient:/run/systemd/system.control:/run/systemd/system SYSTEMD_GENERATOR_PATH=/none \\
  "$0" --system --unit=coracle.target --log-target=null --show-status=no
`;

function mountAgain({ type, mountPoint, options }: Hierarchy): string {
  const flags = ['rw', 'xattr', 'nosuid', 'nodev', 'noexec', 'relatime', 'nsdelegate', 'memory_recursiveprot'];
  const own = options.filter((one) => !flags.includes(one));
  const named = own.some((one) => one.startsWith('name=')) ? ['none', ...own] : own;
  return `mkdir -p ${mountPoint} && mount -t ${type} ${type === 'cgroup' ? `-o ${named.join(',')}` : ''} cgroup ${mountPoint}`;
}

function hierarchies(): Hierarchy[] {
  return textOf('/proc/self/mounts')
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, , type]) => type === 'cgroup' || type === 'cgroup2')
    .map(([, mountPoint = '', type = '', options = '']) => ({ mountPoint, type, options: options.split(',') }));
}

/** Where programs are inside that were bundled for the test; /tmp is then another one. */
export const PROGRAMS = '/run/programs';

/**
 * In all hierarchies that are mounted here, which it gets to itself as far as they are below its own groups.
 * @param options the user it starts a systemd for, and the directory to be seen at {@link PROGRAMS}
 */
export async function startSystemd({
  user,
  programs = '',
}: {
  user?: SystemdUser;
  programs?: string;
} = {}): Promise<OwnSystemd> {
  const mounts = hierarchies();
  const directories = mounts.map(({ mountPoint }) => `${mountPoint}/coracle-test-systemd-${process.pid}`);
  const units = writeUnits('system', user);
  for (const directory of directories) {
    mkdirSync(directory);
    fillCpuset(directory);
  }
  // Who waits for it stays outside of its tree, whose top must have no processes.
  const outside = ['--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private'];
  const enter = [...joining(directories), 'exec unshare --cgroup sh -c "$1" /lib/systemd/systemd'].join('; ');
  const outer = spawn('unshare', [...outside, 'sh', '-c', enter, 'sh', boot(mounts)], {
    env: { ...process.env, UNITS: units, PROGRAMS: programs },
    stdio: 'ignore',
  });
  const ended = once(outer, 'exit');
  const init = await childOf(Number(outer.pid));
  const root = `/proc/${init}/root`;
  const dispose = async (): Promise<void> => {
    outer.kill('SIGKILL'); // and with it process 1, and with that all others
    await ended;
    for (const directory of directories) removeGroup(directory);
    rmSync(units, { recursive: true });
  };
  const inside = async (script: string, command: readonly string[]): Promise<[string, ...string[]]> => {
    await until(() => directories.some((one) => existsSync(`${one}/system.slice`)), 'the slice of the system');
    // In its tree before it enters: systemd does not move what comes from elsewhere.
    const homes = directories.map((one) => (existsSync(`${one}/system.slice`) ? `${one}/system.slice/start` : one));
    for (const home of homes) mkdirSync(home, { recursive: true });
    const enter = [...joining(homes), `exec nsenter -t ${init} -p -m -C sh -c '${script}' sh "$@"`].join('; ');
    return ['sh', '-c', enter, 'sh', ...command];
  };
  try {
    const sockets = ['dbus/system_bus_socket', ...(user ? [`user/${user.uid}/bus`] : [])];
    for (const socket of sockets) await until(() => existsSync(`${root}/run/${socket}`), `the message bus ${socket}`);
    const begin = async (
      script: string,
      command: readonly string[],
    ): Promise<ChildProcessByStdio<null, Readable, null>> => {
      const [program, ...args] = await inside(script, command);
      return spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    };
    return {
      address: `unix:path=${root}/run/dbus/system_bus_socket`,
      directories,
      read: (path) =>
        directories
          .filter((directory) => existsSync(`${directory}/${path}`))
          .map((directory) => readFileSync(`${directory}/${path}`, 'utf8').trim())[0],
      facts: { mountinfo: mounts.map(asTop).join('') },
      async start(command) {
        const child = await begin('echo $$; exec "$@"', command);
        const [line] = await once(child.stdout, 'data');
        return { pid: Number.parseInt(String(line), 10), child };
      },
      async run(command) {
        const child = await begin('exec "$@" 2>&1', command);
        const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
        return { code, output };
      },
      inside: (command) => inside('exec "$@"', command),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

function joining(groups: readonly string[]): string[] {
  return groups.map((group) => `echo 0 > ${group}/cgroup.procs`);
}

/** On version 1 no process can be where there are no processors. */
function fillCpuset(directory: string): void {
  if (!dirname(directory).endsWith('/cpuset')) return;
  for (const file of ['cpuset.cpus', 'cpuset.mems'])
    writeFileSync(`${directory}/${file}`, readFileSync(`${dirname(directory)}/${file}`));
}

function asTop({ type, mountPoint, options }: Hierarchy): string {
  const at = `${mountPoint}/coracle-test-systemd-${process.pid}`;
  return `29 23 0:26 / ${at} rw - ${type} ${type} ${options.join(',')}\n`;
}

async function childOf(pid: number): Promise<number> {
  const read = (): string => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  await until(() => read() !== '', 'the first process');
  return Number(read().split(' ')[0]);
}

/** @throws when it takes longer than a slow machine does */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 100_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited too long for ${what}`);
    await sleep(20);
  }
}
