import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { rootlessConfig } from '@coracle/oci-spec';
import { copyApp, needs, PLAIN_USER } from '@coracle/test-support';
import { expect } from '@jest/globals';
import { Bundle, groupsNamed, Runtime, type Said, testRuntime, until } from './runtime.ts';

let ours: string;
testRuntime((path) => {
  ours = path;
});

/** What a sequence of commands came to, in words that are the same for every runtime. */
async function live(program: string, steps: (scene: Scene) => Promise<void> | void): Promise<string[]> {
  using bundle = new Bundle();
  using runtime = new Runtime(program);
  const story: string[] = [];
  await steps({
    bundle,
    runtime,
    tell: (word) => story.push(word),
    call: (...args) => told(args, runtime.call(args), story),
  });
  story.push(`left: ${runtime.left().length}`);
  story.push(`groups: ${groupsNamed(`coracle-oci-test-${process.pid}/box`).length}`);
  const names = [bundle.path, runtime.state].map((path, index): [string, string] => [
    path,
    ['BUNDLE', 'STATE'][index] ?? '',
  ]);
  return story.filter(Boolean).map((word) => names.reduce((text, [path, name]) => text.replaceAll(path, name), word));
}

interface Scene {
  bundle: Bundle;
  runtime: Runtime;
  tell: (word: string) => void;
  /** Runs a command and tells its exit code. */
  call: (...args: string[]) => Said;
}

function told(args: readonly string[], said: Said, story: string[]): Said {
  story.push(`${args.join(' ')}: ${said.status}`);
  return said;
}

/** The parts of a state that do not depend on who made it, or when. */
function timeless(state: Record<string, unknown> | undefined): string {
  if (!state) return 'no state';
  const { id, status, pid, owner, annotations, rootfs, bundle } = state;
  return JSON.stringify({
    id,
    status,
    hasPid: Number(pid) > 0,
    owner,
    annotations,
    hasRoot: Boolean(rootfs && bundle),
  });
}

const SLEEP = ['sleep', '1000'];

const STORIES: Record<string, (scene: Scene) => Promise<void> | void> = {
  'created, started, killed, deleted': async ({ bundle, runtime, tell, call }) => {
    bundle.configure(SLEEP, (config) => ({ ...config, annotations: { 'org.example': 'yes' } }));
    call('create', '--bundle', bundle.path, '--pid-file', join(runtime.state, 'pid'), 'box');
    const state = runtime.stateOf('box');
    tell(timeless(state));
    tell(`pid file ${readFileSync(join(runtime.state, 'pid'), 'utf8') === String(state?.['pid'])}`);
    call('start', 'box');
    tell(timeless(runtime.stateOf('box')));
    call('start', 'box');
    call('delete', 'box');
    call('kill', 'box', 'KILL');
    await until('it has ended', () => runtime.stateOf('box')?.['status'] === 'stopped');
    tell(timeless(runtime.stateOf('box')));
    call('kill', 'box', 'KILL');
    call('start', 'box');
    call('delete', 'box');
    call('delete', 'box');
    call('delete', '--force', 'box');
    call('state', 'box');
  },
  'deleted as soon as it is created': ({ bundle, runtime, tell, call }) => {
    bundle.configure(SLEEP);
    call('create', '--bundle', bundle.path, 'box');
    call('delete', 'box');
    tell(timeless(runtime.stateOf('box')));
  },
  'asked to end before it is started': async ({ bundle, runtime, tell, call }) => {
    bundle.configure(SLEEP);
    for (const signal of ['TERM', 'INT', 'HUP']) {
      call('create', '--bundle', bundle.path, 'box');
      call('kill', 'box', 'USR1');
      tell(timeless(runtime.stateOf('box')));
      call('kill', 'box', signal);
      await until('it has ended', () => runtime.stateOf('box')?.['status'] === 'stopped');
      call('start', 'box');
      call('delete', 'box');
    }
  },
  'names of fields in another case, and null': ({ bundle, tell, call }) => {
    bundle.configure(['hostname'], ({ hostname: _, linux, ...config }) => ({
      ...config,
      HostName: 'spelt',
      linux: { ...linux, timeOffsets: null, namespaces: linux?.namespaces?.map(({ type }) => ({ Type: type })) },
    }));
    tell(call('run', '--bundle', bundle.path, 'box').out);
  },
  'names of fields in another case, and null, in files for exec and update': ({ bundle, tell, call }) => {
    bundle.configure(SLEEP);
    call('run', '--detach', '--bundle', bundle.path, 'box');
    const processFile = join(bundle.path, 'process.json');
    const program = { Args: ['id', '-u'], CWD: '/', env: ['PATH=/bin'], user: { UID: 7, gid: 7 }, rlimits: null };
    writeFileSync(processFile, JSON.stringify(program));
    tell(call('exec', '--process', processFile, 'box').out);
    const limits = join(bundle.path, 'limits.json');
    writeFileSync(limits, JSON.stringify({ Pids: { Limit: 50 } }));
    call('update', '--resources', limits, 'box');
    call('delete', '--force', 'box');
  },
  'deleted by force while it runs': ({ bundle, call }) => {
    bundle.configure(SLEEP);
    call('run', '--detach', '--bundle', bundle.path, 'box');
    call('delete', '--force', 'box');
  },
  'run to its end': ({ bundle, tell, call }) => {
    bundle.configure(['sh', '-c', 'echo out; echo err >&2; exit 7']);
    const { out, error } = call('run', '--bundle', bundle.path, 'box');
    tell(`${out} ${error}`);
    bundle.configure(['sh', '-c', 'kill -9 $$; exit 3'], (config) => ({ ...config }));
    call('run', '--bundle', bundle.path, 'box');
  },
  'run and kept': ({ bundle, runtime, tell, call }) => {
    bundle.configure(['true']);
    call('run', '--keep', '--bundle', bundle.path, 'box');
    tell(timeless(runtime.stateOf('box')));
    call('delete', 'box');
  },
  'an id that is taken, or cannot be one': ({ bundle, call }) => {
    bundle.configure(SLEEP);
    call('create', '--bundle', bundle.path, 'box');
    call('create', '--bundle', bundle.path, 'box');
    call('create', '--bundle', bundle.path, 'a/b');
    call('create', '--bundle', bundle.path, '..');
    call('delete', 'box');
    call('create', '--bundle', bundle.path, 'b_x+1.2-3');
    call('delete', '--force', 'b_x+1.2-3');
  },
  'a program that is not there, or may not be executed': ({ bundle, runtime, tell, call }) => {
    for (const program of ['nothing', '/bin/nothing', '/etc/passwd', '/etc']) {
      bundle.configure([program]);
      call('create', '--bundle', bundle.path, 'box');
      tell(timeless(runtime.stateOf('box')));
      call('run', '--bundle', bundle.path, 'box');
    }
  },
  'further programs in it': ({ bundle, tell, call }) => {
    bundle.configure(SLEEP);
    call('run', '--detach', '--bundle', bundle.path, 'box');
    tell(call('exec', 'box', 'sh', '-c', 'echo $0; id; exit 9').out);
    tell(
      call('exec', '--user', '1234:1235', '--cwd', '/tmp', '--env', 'A=b', 'box', 'sh', '-c', 'id; pwd; echo $A').out,
    );
    tell(call('exec', '--env', 'PATH=/usr/bin:/bin', '--env', 'A=1', '--env', 'A=2', 'box', '/bin/busybox', 'env').out);
    tell(call('exec', '--cap', 'CAP_SYS_ADMIN', 'box', 'sh', '-c', 'grep Cap /proc/self/status').out);
    call('exec', 'box', 'nothing');
    call('exec', 'nobody', 'true');
    call('exec', '--detach', 'box', 'sleep', '999');
    call('kill', 'box', 'KILL');
    call('delete', '--force', 'box');
  },
  'by a user who opens the output anew': ({ bundle, tell, call }) => {
    const again = ['sh', '-c', 'echo again >/dev/stdout'];
    const user = { uid: 1234, gid: 1235 };
    bundle.configure(again, (config) => ({ ...config, process: { cwd: '/', ...config.process, args: again, user } }));
    tell(call('run', '--bundle', bundle.path, 'box').out);
    bundle.configure(SLEEP);
    call('run', '--detach', '--bundle', bundle.path, 'box');
    tell(call('exec', '--user', '1234', 'box', ...again).out);
    call('delete', '--force', 'box');
  },
  'paused and resumed': ({ bundle, runtime, tell, call }) => {
    bundle.configure(SLEEP);
    call('run', '--detach', '--bundle', bundle.path, 'box');
    call('resume', 'box');
    call('pause', 'box');
    tell(timeless(runtime.stateOf('box')));
    call('exec', 'box', 'true');
    call('resume', 'box');
    tell(timeless(runtime.stateOf('box')));
    call('pause', 'box');
    call('delete', '--force', 'box');
  },
  'listed, and its processes': ({ bundle, runtime, tell, call }) => {
    bundle.configure(SLEEP);
    tell(runtime.call(['list', '--quiet']).out);
    call('run', '--detach', '--bundle', bundle.path, 'box');
    const pid = runtime.stateOf('box')?.['pid'];
    tell(call('list', '--quiet').out);
    const [listed] = JSON.parse(call('list', '--format', 'json').out);
    tell(timeless(listed));
    tell(`${call('ps', '--format', 'json', 'box').out === `[${pid}]\n` || call('ps', '--format', 'json', 'box').out}`);
    tell(`${call('ps', 'box').out.includes('sleep 1000')}`);
    call('kill', '--all', 'box', 'KILL');
    call('delete', '--force', 'box');
  },
  'limits changed': ({ bundle, tell, call }) => {
    bundle.configure(SLEEP);
    call('run', '--detach', '--bundle', bundle.path, 'box');
    call(
      'update',
      '--memory',
      '67108864',
      '--pids-limit',
      '30',
      '--cpu-quota',
      '50000',
      '--cpu-period',
      '100000',
      'box',
    );
    for (const file of ['memory.limit_in_bytes', 'pids.max', 'cpu.cfs_quota_us', 'memory.max', 'cpu.max'])
      for (const group of groupsNamed(`coracle-oci-test-${process.pid}/box`)) tell(textOf(join(group, file)));
    const { type, id, data } = JSON.parse(call('events', '--stats', 'box').out);
    // How many is up to runc: its threads may still be ending.
    tell(`${type} ${id} ${data.pids.current > 0} ${data.memory.usage.limit ?? data.memory.usage}`);
    call('delete', '--force', 'box');
  },
  'without pivot_root': ({ bundle, tell, call }) => {
    bundle.configure(['sh', '-c', 'pwd; ls /; ls /..; cat /proc/1/comm']);
    tell(call('run', '--no-pivot', '--bundle', bundle.path, 'box').out);
  },
  'in a directory that is not there, below a root that is read-only': ({ bundle, tell, call }) => {
    bundle.configure(['sh', '-c', 'pwd; touch . && echo changed'], ({ root, process, ...config }) => ({
      ...config,
      root: { ...root, readonly: true },
      process: { user: { uid: 0, gid: 0 }, args: ['true'], ...process, cwd: '/not/there' },
    }));
    tell(call('run', '--bundle', bundle.path, 'box').out);
  },
  'with descriptors that are passed on': ({ bundle, runtime, tell }) => {
    bundle.configure(['sh', '-c', 'cat <&3; cat <&4; echo $LISTEN_FDS $LISTEN_PID; ls /proc/self/fd | wc -l']);
    const words = `run --preserve-fds 1 --bundle ${bundle.path} box`;
    tell(runtime.call(words.split(' '), { env: { LISTEN_FDS: '1' }, redirect: '3</etc/hostname 4</proc/version' }).out);
    bundle.configure(['nothing']);
    tell(`${runtime.call(words.split(' '), { redirect: '3</etc/hostname' }).status}`);
  },
  'an exec with a pid file, a process of a file and settings of its own': ({ bundle, runtime, tell, call }) => {
    bundle.configure(SLEEP);
    call('run', '--detach', '--bundle', bundle.path, 'box');
    const file = join(runtime.state, 'process.json');
    const process = {
      user: { uid: 1234, gid: 1235, additionalGids: [77] },
      args: ['sh', '-c', 'id; env; ulimit -n; exit 5'],
      cwd: '/tmp',
      env: ['A=b', 'PATH=/bin'],
      rlimits: [{ type: 'RLIMIT_NOFILE', hard: 100, soft: 100 }],
      noNewPrivileges: true,
    };
    writeFileSync(file, JSON.stringify(process));
    tell(call('exec', '--process', file, '--pid-file', join(runtime.state, 'pid'), 'box').out);
    tell(`pid file ${Number(readFileSync(join(runtime.state, 'pid'), 'utf8')) > 1}`);
    call('delete', '--force', 'box');
  },
  'a terminal without a console socket, and the other way round': ({ bundle, call }) => {
    bundle.configure(SLEEP, (config) => ({
      ...config,
      process: { ...config.process, cwd: '/', user: { uid: 0, gid: 0 }, args: SLEEP, terminal: true },
    }));
    call('create', '--bundle', bundle.path, 'box');
    bundle.configure(SLEEP);
    call('create', '--console-socket', '/nothing', '--bundle', bundle.path, 'box');
  },
  'a bundle without a configuration, and words that are none': ({ bundle, call }) => {
    call('create', '--bundle', bundle.path, 'box');
    call('start', 'box');
    call('kill', 'box', 'TERM');
    call('nothing');
    call('create', '--nothing', 'box');
  },
};

function textOf(path: string): string {
  try {
    return `${path} ${readFileSync(path, 'utf8').trim()}`;
  } catch {
    return ''; // of the other version, or of another hierarchy
  }
}

/** Where runc and this runtime differ on purpose. */
const DIFFERENCES: Record<string, (story: readonly string[]) => string[]> = {};

needs.describe(
  needs.root,
  needs.program('runc'),
  needs.program('busybox'),
)('as with runc', () => {
  for (const [title, steps] of Object.entries(STORIES)) {
    needs.test()(
      title,
      async () => {
        const known = DIFFERENCES[title] ?? ((story: readonly string[]) => [...story]);
        expect(known(await live(ours, steps))).toEqual(known(await live('runc', steps)));
      },
      120_000,
    );
  }
});

needs.describe(needs.root, needs.program('busybox'))('what the caller has open', () => {
  needs.test()("a program whose input is the null device has the container's, not that of the host", () => {
    using bundle = new Bundle();
    using runtime = new Runtime(ours);
    const same = '[ "$(busybox stat -L -c %d:%i /proc/self/fd/0)" = "$(busybox stat -c %d:%i /dev/null)" ]';
    const which = ['/bin/busybox', 'sh', '-c', `${same} && echo its own || echo that of the host`];
    const nothing = { redirect: '</dev/null' };
    bundle.configure(which);
    expect(runtime.call(['run', '--bundle', bundle.path, 'box'], nothing).out).toBe('its own\n');
    bundle.configure(SLEEP);
    expect(runtime.call(['run', '--detach', '--bundle', bundle.path, 'box'], nothing).status).toBe(0);
    expect(runtime.call(['exec', 'box', ...which], nothing).out).toBe('its own\n');
  });
});

needs.describe(needs.root, needs.program('busybox'))('several commands at once', () => {
  const test = needs.test();

  test('one of many that create, start or delete a container does it, and the others say why not', async () => {
    using bundle = new Bundle();
    using runtime = new Runtime(ours);
    bundle.configure(SLEEP);
    const many = async (...words: string[]): Promise<(number | null)[]> =>
      (await Promise.all(Array.from({ length: 4 }, () => runtime.begin(words)))).sort();
    expect(await many('create', '--bundle', bundle.path, 'box')).toEqual([0, 1, 1, 1]);
    expect(runtime.stateOf('box')?.['status']).toBe('created');
    expect(await many('start', 'box')).toEqual([0, 1, 1, 1]);
    expect(await many('delete', '--force', 'box')).toEqual([0, 0, 0, 0]);
    expect(runtime.left()).toEqual([]);
    expect(await many('run', '--detach', '--bundle', bundle.path, 'box')).toEqual([0, 1, 1, 1]);
    expect(runtime.stateOf('box')?.['status']).toBe('running');
  });

  test("a container that is being made is nobody else's: it is creating, and its removal waits until it is made", async () => {
    using bundle = new Bundle();
    using runtime = new Runtime(ours);
    const [began, goOn] = [join(bundle.path, 'began'), join(bundle.path, 'go-on')];
    const script = `touch ${began}; while [ ! -e ${goOn} ]; do sleep 0.05; done`;
    const hook = { path: '/bin/sh', args: ['sh', '-c', script], timeout: 60 };
    bundle.configure(SLEEP, (config) => ({ ...config, hooks: { createRuntime: [hook] } }));
    const creation = runtime.begin(['create', '--bundle', bundle.path, 'box']);
    await until('the hook runs', () => existsSync(began));
    expect(runtime.stateOf('box')?.['status']).toBe('creating');
    expect(runtime.call(['create', '--bundle', bundle.path, 'box']).error).not.toContain('was killed');
    const order: string[] = [];
    const removal = runtime.begin(['delete', '--force', 'box']).then((code) => order.push(`deleted: ${code}`));
    const created = creation.then((code) => order.push(`created: ${code}`));
    expect(runtime.stateOf('box')?.['status']).toBe('creating'); // a command's time later
    writeFileSync(goOn, '');
    await Promise.all([created, removal]);
    expect(order).toEqual(['created: 0', 'deleted: 0']);
    expect(runtime.left()).toEqual([]);
  });
});

needs.describe(
  needs.root,
  needs.program('busybox'),
  needs.program('script'),
)('on a terminal', () => {
  const test = needs.test();
  const onTerminal = (words: readonly string[]): string =>
    spawnSync('script', ['-qec', `stty rows 33 cols 77; ${words.join(' ')}; echo code $?`, '/dev/null'], {
      encoding: 'utf8',
      input: '',
      timeout: 60_000,
    }).stdout.replaceAll(/\r|\^@|\0/g, ''); // what it shows of the end of its input is no output

  test('run and exec show the terminal of the container, in the size of the caller', () => {
    using bundle = new Bundle();
    using runtime = new Runtime(ours);
    const command = [ours, '--root', join(runtime.state, 'root')];
    bundle.configure(SLEEP, (config) => ({
      ...config,
      process: {
        cwd: '/',
        user: { uid: 0, gid: 0 },
        ...config.process,
        args: ['sh', '-c', 'tty=$(busybox tty); echo $tty $(busybox stty size); exit 6'],
        terminal: true,
      },
    }));
    expect(onTerminal([...command, 'run', '--bundle', bundle.path, 'box'])).toMatch(/\/dev\/pts\/0 33 77\ncode 6\n/);
    bundle.configure(SLEEP);
    runtime.call(['run', '--detach', '--bundle', bundle.path, 'box']);
    expect(onTerminal([...command, 'exec', '--tty', 'box', 'busybox', 'tty'])).toMatch(/\/dev\/pts\/0\ncode 0\n/);
  });

  test('a container without terminals can give none to a further program, which is said with the remedy', () => {
    using bundle = new Bundle();
    using runtime = new Runtime(ours);
    bundle.configure(SLEEP, ({ mounts = [], ...config }) => ({
      ...config,
      mounts: mounts.filter(({ type }) => type !== 'devpts'),
    }));
    runtime.call(['run', '--detach', '--bundle', bundle.path, 'box']);
    expect(runtime.call(['exec', '--tty', 'box', 'busybox', 'tty'])).toMatchObject({
      status: 255,
      error: expect.stringMatching(/ENOENT.*\/dev\/pts\/ptmx.*a mount of type devpts at \/dev\/pts/),
    });
    expect(runtime.call(['exec', 'box', 'busybox', 'echo', 'still there'])).toMatchObject({ out: 'still there\n' });
  });

  test("it is its user's and of the group tty, and lines that go to a file end as the program ends them", () => {
    using bundle = new Bundle();
    using runtime = new Runtime(ours);
    const args = ['sh', '-c', 'busybox stat -c %u:%g $(busybox tty); echo done'];
    const user = { uid: 1234, gid: 1235 };
    bundle.configure([], (config) => ({
      ...config,
      process: { cwd: '/', ...config.process, args, user, terminal: true },
    }));
    expect(runtime.call(['run', '--bundle', bundle.path, 'box'])).toEqual({
      status: 0,
      out: '1234:5\ndone\n',
      error: '',
    });
  });

  test('a /dev that is read-only shows it as /dev/console all the same, and so does one of a read-only root', () => {
    using bundle = new Bundle();
    using runtime = new Runtime(ours);
    const look = '(echo said >/dev/console; : >/dev/x) 2>&1; echo done';
    for (const hasDev of [true, false]) {
      bundle.configure([], ({ mounts = [], ...config }) => ({
        ...config,
        process: { cwd: '/', user: { uid: 0, gid: 0 }, ...config.process, args: ['sh', '-c', look], terminal: true },
        root: { ...config.root, readonly: !hasDev },
        mounts: mounts
          .filter(({ destination }) => hasDev || destination !== '/dev')
          .map((mount) => (mount.destination === '/dev' ? { ...mount, options: ['ro'] } : mount)),
      }));
      const run = [ours, '--root', join(runtime.state, 'root'), 'run', '--bundle', bundle.path, 'box'];
      expect(onTerminal(run)).toMatch(/said\n.*\/dev\/x: Read-only file system\ndone\ncode 0\n/);
    }
  });
});

needs.describe(needs.root, needs.program('busybox'))('an ordinary user', () => {
  const test = needs.test();

  test('has containers of a configuration without root', () => {
    using bundle = new Bundle();
    const path = copyApp({ app: 'apps/oci-runtime', name: 'coracle-oci.cjs' });
    const home = mkdtempSync(join(tmpdir(), 'oci-user-'));
    try {
      chownSync(home, PLAIN_USER, PLAIN_USER);
      const rootless = rootlessConfig({ uid: PLAIN_USER, gid: PLAIN_USER });
      const process_ = {
        cwd: '/',
        user: { uid: 0, gid: 0 },
        terminal: false,
        args: ['sh', '-c', 'id -u; cat /proc/self/uid_map; exit 4'],
        env: ['PATH=/bin'],
      };
      writeFileSync(
        join(home, 'config.json'),
        JSON.stringify({ ...rootless, root: { path: bundle.rootfs }, process: process_ }),
      );
      const { status, stdout, stderr } = spawnSync(path, ['run', '--bundle', home, 'box'], {
        encoding: 'utf8',
        uid: PLAIN_USER,
        gid: PLAIN_USER,
        cwd: '/',
        env: { PATH: process.env['PATH'] ?? '', XDG_RUNTIME_DIR: home },
      });
      expect({ status, said: stdout.trim().split(/\s+/), stderr }).toEqual({
        status: 4,
        said: ['0', '0', String(PLAIN_USER), '1'],
        stderr: '',
      });
      expect(readdirSync(join(home, 'coracle-oci'))).toEqual([]);
    } finally {
      rmSync(dirname(path), { recursive: true });
      rmSync(home, { recursive: true });
    }
  });
});
