import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config, Process } from '@coracle/oci-spec';
import { needs, startSeccompAgent } from '@coracle/test-support';
import { expect, test } from '@jest/globals';
import { Bundle, groupsNamed, Runtime, type Said, testRuntime } from './runtime.ts';

let ours: string;
testRuntime((path) => {
  ours = path;
});

const GROUP = `coracle-oci-test-${process.pid}/box`;
const USER = { uid: 0, gid: 0 };

interface Scene extends Disposable {
  bundle: Bundle;
  runtime: Runtime;
  call: (...words: string[]) => Said;
  /** Runs a process in the container as a file has it. */
  enter: (process: Partial<Process>) => Said;
}

function scene(change?: (config: Config) => Config): Scene {
  const bundle = new Bundle();
  const runtime = new Runtime(ours);
  bundle.configure(['sleep', '1000'], change);
  const call = (...words: string[]): Said => runtime.call(words);
  return {
    bundle,
    runtime,
    call,
    enter: (process) => {
      const file = join(runtime.state, 'process.json');
      writeFileSync(file, JSON.stringify({ user: USER, cwd: '/', env: ['PATH=/bin'], args: ['true'], ...process }));
      return call('exec', '--process', file, 'box');
    },
    [Symbol.dispose]: () => {
      runtime[Symbol.dispose]();
      bundle[Symbol.dispose]();
    },
  };
}

const start = (it: Scene): Said => it.call('run', '--detach', '--bundle', it.bundle.path, 'box');

needs.describe(needs.root, needs.program('busybox'))('update of the rules for devices', () => {
  const test = needs.test();
  /** Opens /dev/fuse by its number. */
  const open = (it: Scene, how: string): string =>
    it.enter({
      args: [
        'sh',
        '-c',
        `rm -f /tmp/node; busybox mknod /tmp/node c 10 229; (: ${how} /tmp/node) 2>&1 | grep -c 'not permitted'`,
      ],
      capabilities: { bounding: ['CAP_MKNOD'], permitted: ['CAP_MKNOD'], effective: ['CAP_MKNOD'] },
    }).out;
  const update = (it: Scene, devices: object[]): Said =>
    it.runtime.call(['update', '--resources', '-', 'box'], { input: JSON.stringify({ devices }) });
  const FUSE = { allow: true, type: 'c', major: 10, minor: 229 };

  test('with shares of cache or bandwidth that cannot be had changes nothing and says why', () => {
    using it = scene((config) => config);
    expect(start(it).status).toBe(0);
    for (const words of [
      ['--l3-cache-schema', 'L3:0=f'],
      ['--mem-bw-schema', 'MB:0=50'],
    ])
      expect(it.runtime.call(['update', ...words, 'box'])).toMatchObject({
        status: 1,
        error: expect.stringMatching(/no resctrl file system is mounted|has no class of service/),
      });
  });

  test('puts a new list in force for the processes that are there and those to come', () => {
    using it = scene((config) => ({
      ...config,
      root: { path: config.root.path, readonly: false },
      linux: { ...config.linux, resources: { devices: [{ ...FUSE, access: 'w' }] } },
    }));
    expect(start(it).status).toBe(0);
    expect([open(it, '<'), open(it, '>')]).toEqual(['1\n', '0\n']);
    expect(update(it, [{ ...FUSE, access: 'r' }])).toMatchObject({ status: 0, error: '' });
    expect([open(it, '<'), open(it, '>')]).toEqual(['0\n', '1\n']);
    expect(update(it, []).status).toBe(0);
    expect([open(it, '<'), open(it, '>')]).toEqual(['1\n', '1\n']);
    // What every container may do it still may.
    expect(it.call('exec', 'box', 'sh', '-c', 'echo yes >/dev/null && echo yes').out).toBe('yes\n');
    expect(update(it, [{ allow: true, type: 'x' }])).toMatchObject({
      status: 1,
      error: expect.stringContaining('devices'),
    });
  });
});

/** Where the groups of version 2 are, and a controller that they have. */
const UNIFIED = groupsNamed('.').find((top) => existsSync(join(top, 'cgroup.controllers'))) ?? '';
const [CONTROLLER] = UNIFIED === '' ? [] : readText(join(UNIFIED, 'cgroup.controllers')).split(/\s+/).filter(Boolean);

needs.describe(needs.root, needs.program('busybox'))('exec --cgroup', () => {
  const test = needs.test();

  needs.test({ what: 'a group with one of the v2 controllers', met: CONTROLLER !== undefined })(
    'is not needed where the init has gone to another group, and its own takes no process any more or is gone',
    () => {
      using it = scene();
      start(it);
      const group = join(UNIFIED, GROUP);
      for (const above of [UNIFIED, join(group, '..')])
        writeFileSync(join(above, 'cgroup.subtree_control'), `+${CONTROLLER}`);
      const placeOf = (...words: string[]): Said => {
        const said = it.call('exec', ...words, 'box', 'cat', '/proc/self/cgroup');
        return { ...said, out: /^0::(.*)$/m.exec(said.out)?.[1] ?? '' };
      };
      const { out: top } = placeOf();
      mkdirSync(join(group, 'init.scope'));
      writeFileSync(join(group, 'init.scope/cgroup.procs'), String(it.runtime.stateOf('box')?.['pid']));
      writeFileSync(join(group, 'cgroup.subtree_control'), `+${CONTROLLER}`);
      const below = join(top, 'init.scope');
      expect(placeOf()).toEqual({ status: 0, out: below, error: '' });
      // What is asked for is done, or refused.
      expect(placeOf('--cgroup', '/').error).toContain('hands');
      // So it is where the init has left it altogether, and it is gone.
      const other = join(group, '../elsewhere');
      mkdirSync(other);
      writeFileSync(join(other, 'cgroup.procs'), String(it.runtime.stateOf('box')?.['pid']));
      for (const left of [join(group, 'init.scope'), group]) rmdirSync(left);
      expect(placeOf()).toMatchObject({ status: 0, out: expect.stringMatching(/\/elsewhere$/), error: '' });
      expect(it.call('delete', '--force', 'box')).toMatchObject({ status: 0, error: '' });
    },
  );

  test('runs a program in a group below that of the container, in all hierarchies or in some', () => {
    using it = scene();
    start(it);
    const groups = groupsNamed(GROUP);
    for (const group of groups)
      for (const [name, above] of [
        ['below', '.'],
        ['below/deeper', 'below'],
      ] as const) {
        mkdirSync(join(group, name));
        // On version 1 a new group has none, and takes no process then.
        for (const file of ['cpuset.cpus', 'cpuset.mems'])
          if (existsSync(join(group, name, file)) && readText(join(group, name, file)).trim() === '')
            writeFileSync(join(group, name, file), readText(join(group, above, file)));
      }
    const groupOf = (...words: string[]): string[] => {
      const { out, error } = it.call('exec', ...words, 'box', 'cat', '/proc/self/cgroup');
      expect(error).toBe('');
      return out
        .trim()
        .split('\n')
        .map((line) => line.split(':').slice(1).join(':'))
        .filter((line) => line.includes('/below'));
    };
    expect(groupOf()).toEqual([]);
    const all = groupOf('--cgroup', 'below/deeper');
    expect(all.length).toBe(groups.length);
    for (const line of all) expect(line).toMatch(/\/below\/deeper$/);
    if (groups.some((group) => group.includes('/pids/')))
      expect(groupOf('--cgroup', 'pids:below', '--cgroup', 'memory:/below/deeper').sort()).toEqual([
        'memory:/below/deeper',
        'pids:/below',
      ]);
    for (const group of groups) for (const name of ['below/deeper', 'below']) rmdirSync(join(group, name));
  });

  test('refuses what is no group below it', () => {
    using it = scene();
    start(it);
    const errorOf = (...words: string[]): string => {
      const { status, error } = it.call('exec', ...words, 'box', 'true');
      expect(status).toBe(255);
      return error;
    };
    expect(errorOf('--cgroup', 'nothing')).toContain('there is no such group');
    expect(errorOf('--cgroup', '../..')).toContain('leads out of the group');
    expect(errorOf('--cgroup', 'nocontroller:below')).toContain('unknown controller: the container has no group of it');
    expect(errorOf('--cgroup', 'a', '--cgroup', 'b')).toContain('more than once');
  });
});

needs.describe(needs.root, needs.program('busybox'))(
  'exec in a container with ambient capabilities that no program can have',
  () => {
    const test = needs.test();
    const KILL = ['CAP_KILL'];
    /** As runc up to 1.1 writes it, and with a name that is none. */
    const capabilities = { bounding: KILL, effective: KILL, permitted: KILL, ambient: [...KILL, 'CAP_NONSUCH'] };

    test('leaves them out, as for its first program, and says so', () => {
      using it = scene(({ process = { user: USER, cwd: '/', args: [] }, ...config }) => ({
        ...config,
        process: { ...process, capabilities },
      }));
      expect(start(it).status).toBe(0);
      const sets = (said: Said): string[] => said.out.match(/^Cap(?:Eff|Amb):\t.*$/gm) ?? [said.error];
      const words = ['exec', 'box', 'cat', '/proc/self/status'];
      const own = it.call(...words);
      expect(sets(own)).toEqual(['CapEff:\t0000000000000020', 'CapAmb:\t0000000000000000']);
      expect(own.error).toMatch(/level=warning msg=".*ambient has CAP_KILL, which is left out/);
      const asFile = it.enter({ args: ['cat', '/proc/self/status'], capabilities });
      expect(sets(asFile)).toEqual(sets(own));
      expect(asFile.error).toContain('CAP_NONSUCH');
    });
  },
);

needs.describe(needs.root, needs.program('busybox'))('kill of a container in the pid namespace of the host', () => {
  const test = needs.test();
  const hostPids = (config: Config): Config => ({
    ...config,
    linux: { ...config.linux, namespaces: (config.linux?.namespaces ?? []).filter(({ type }) => type !== 'pid') },
  });
  const pidsIn = (): string[] =>
    [...new Set(groupsNamed(GROUP).flatMap((group) => readText(join(group, 'cgroup.procs')).split('\n')))].filter(
      Boolean,
    );

  test('with SIGKILL ends all that is in it, also when its first process has ended', () => {
    using it = scene(hostPids);
    start(it);
    for (let i = 0; i < 3; i++) expect(it.call('exec', '--detach', 'box', 'sleep', '1000').status).toBe(0);
    expect(pidsIn()).toHaveLength(4);
    expect(it.call('kill', 'box', 'KILL')).toMatchObject({ status: 0, error: '' });
    expect(pidsIn()).toEqual([]);
    expect(it.runtime.stateOf('box')?.['status']).toBe('stopped');
    it.call('delete', 'box');

    start(it);
    it.call('exec', '--detach', 'box', 'sleep', '1000');
    process.kill(Number(it.runtime.stateOf('box')?.['pid']), 'SIGKILL');
    expect(it.call('kill', 'box', 'TERM')).toMatchObject({
      status: 1,
      error: expect.stringContaining('container not running'),
    });
    expect(pidsIn()).toHaveLength(1);
    expect(it.call('kill', 'box', 'KILL')).toMatchObject({ status: 0, error: '' });
    expect(pidsIn()).toEqual([]);
    expect(it.call('kill', 'box', 'KILL')).toMatchObject({
      status: 1,
      error: expect.stringContaining('container not running'),
    });
  });

  test('with another signal reaches its first process alone, and with 0 only asks for it', () => {
    using it = scene(hostPids);
    start(it);
    it.call('exec', '--detach', 'box', 'sleep', '1000');
    expect(it.call('kill', 'box', '0').status).toBe(0);
    expect(pidsIn()).toHaveLength(2);
    expect(it.call('kill', 'box', 'INT').status).toBe(0);
    expect(pidsIn()).toHaveLength(1);
    expect(it.call('kill', 'box', '0').status).toBe(1);
    expect(it.call('kill', '--all', 'box', '0').status).toBe(0);
  });
});

needs.describe(
  needs.root,
  needs.program('busybox'),
  needs.program('taskset'),
)('exec with execCPUAffinity', () => {
  const test = needs.test();

  test('of a caller that is kept to one processor neither a container nor a further program is', () => {
    using it = scene();
    const list = (text: string): string | undefined => text.match(/^Cpus_allowed_list:\t(.*)$/m)?.[1];
    const all = list(readText('/proc/self/status')) ?? 'not told';
    const keepTo = (processors: string): void => {
      spawnSync('taskset', ['-pc', processors, String(process.pid)]);
    };
    try {
      keepTo('0');
      start(it);
      expect(list(it.call('exec', 'box', 'cat', '/proc/1/status').out)).toBe(all);
      expect(list(it.call('exec', 'box', 'cat', '/proc/self/status').out)).toBe(all);
    } finally {
      keepTo(all);
    }
  });

  test('begins on the initial processors, and stays on the final ones', () => {
    using it = scene();
    start(it);
    const allowed = (execCPUAffinity: Process['execCPUAffinity']): string =>
      it
        .enter({ args: ['cat', '/proc/self/status'], ...(execCPUAffinity ? { execCPUAffinity } : {}) })
        .out.match(/^Cpus_allowed_list:\t(.*)$/m)?.[1] ?? 'not told';
    const all = allowed(undefined);
    const last = all.split(/[-,]/).at(-1) ?? '0';
    expect(allowed({ initial: all, final: last })).toBe(last);
    expect(allowed({ final: last })).toBe(last);
    expect(it.enter({ execCPUAffinity: { initial: '3-1' } })).toMatchObject({
      status: 255,
      error: expect.stringContaining('$.process.execCPUAffinity.initial'),
    });
  });
});

needs.describe(
  needs.root,
  needs.program('busybox'),
  needs.program('strace'),
)('what a killed create has left', () => {
  const test = needs.test();

  test('is told by the next create, and removed by delete --force', () => {
    using it = scene();
    const create = ['create', '--bundle', it.bundle.path, 'box'];
    const killed = ['-q', '-o', '/dev/null', '-e', 'trace=rename', '-e', 'inject=rename:signal=KILL:when=1'];
    const root = join(it.runtime.state, 'root');
    spawnSync('strace', [...killed, process.execPath, ours, '--root', root, ...create], { stdio: 'ignore', cwd: '/' });
    expect(it.runtime.left()).toEqual(['box']);
    expect(it.runtime.call(create)).toMatchObject({
      status: 1,
      error: expect.stringMatching(/already exists: what is left of a create that was killed.*delete --force box/),
    });
    expect(it.call('delete', '--force', 'box')).toMatchObject({ status: 0, error: '' });
    expect(it.runtime.left()).toEqual([]);
    expect(it.runtime.call(create)).toMatchObject({ status: 0, error: '' });
    expect(it.runtime.call(create).error).not.toContain('killed');
  });
});

needs.describe(
  needs.root,
  needs.program('busybox'),
  needs.program('python3'),
)('the program that answers system calls (listenerPath)', () => {
  const test = needs.test();
  const notify =
    (listenerPath: string): ((config: Config) => Config) =>
    (config) => ({
      ...config,
      process: {
        ...config.process,
        user: USER,
        cwd: '/',
        args: ['sh', '-c', 'busybox mkdir /tmp/one 2>/said; exec sleep 1000'],
      },
      root: { path: config.root.path, readonly: false },
      linux: {
        ...config.linux,
        seccomp: {
          defaultAction: 'SCMP_ACT_ALLOW',
          listenerPath,
          listenerMetadata: 'of the owner',
          syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_NOTIFY' }],
        },
      },
    });

  test('config-linux.md#configLinuxSeccomp: it is sent exactly one state over a connection, which is closed then', async () => {
    await using agent = await startSeccompAgent();
    using it = scene(notify(agent.path));
    expect(it.call('create', '--bundle', it.bundle.path, 'box')).toMatchObject({ status: 0, error: '' });
    const starting = it.runtime.begin(['start', 'box']);
    const { state, fds, rest } = await agent.sent();
    expect(await starting).toBe(0);
    const own = it.runtime.stateOf('box');
    const pid = own?.['pid'];
    expect({ fds, rest }).toEqual({ fds: ['anon_inode:seccomp notify'], rest: 0 });
    expect(state).toEqual({
      ociVersion: '1.3.0',
      fds: ['seccompFd'],
      pid,
      metadata: 'of the owner',
      state: expect.objectContaining({
        ociVersion: '1.3.0',
        id: 'box',
        status: 'running',
        pid,
        bundle: it.bundle.path,
      }),
    });
    const said = join(it.bundle.rootfs, 'said');
    for (const end = Date.now() + 10_000; !readText(said).includes('Read-only') && Date.now() < end; )
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(readText(said)).toContain('Read-only file system');
    // A further program has the filter too, and a listener of its own.
    const entering = it.runtime.begin(['exec', 'box', 'sh', '-c', 'busybox mkdir /tmp/two 2>>/said; exit 7']);
    const further = await agent.sent();
    expect(await entering).toBe(7);
    expect(further).toMatchObject({
      fds: ['anon_inode:seccomp notify'],
      rest: 0,
      state: { state: { id: 'box', pid } },
    });
    expect(further.state['pid']).not.toBe(pid);
    expect(readText(said).match(/Read-only file system/g)).toHaveLength(2);
  });

  test('config-linux.md#configLinuxSeccomp: when it cannot be sent anything, that is an error', () => {
    using it = scene(notify('/nowhere/socket'));
    it.call('create', '--bundle', it.bundle.path, 'box');
    expect(it.call('start', 'box')).toMatchObject({
      status: 1,
      error: expect.stringContaining('/nowhere/socket'),
    });
    expect(it.runtime.stateOf('box')?.['status']).toBe('created');
  });
});

function readText(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

needs.describe(needs.root, needs.program('busybox'))('what a process leaves out', () => {
  const test = needs.test();
  const say = ['sh', '-c', 'echo "$HOME $(busybox id -u):$(busybox id -g)"'];

  test('it is user 0 without a user, and has the home of /etc/passwd without a HOME, or with an empty one', () => {
    using it = scene((config) => {
      const { user: _, ...process } = { cwd: '/', ...config.process };
      return { ...config, process: { ...process, args: say, env: ['PATH=/bin', 'HOME=/x', 'HOME='] } };
    });
    writeFileSync(join(it.bundle.rootfs, 'etc/passwd'), 'root:x:0:0::/home/of/root:/bin/sh\n');
    expect(it.call('run', '--bundle', it.bundle.path, 'box')).toEqual({
      status: 0,
      out: '/home/of/root 0:0\n',
      error: '',
    });
  });

  test('so does one of exec', () => {
    using it = scene();
    writeFileSync(join(it.bundle.rootfs, 'etc/passwd'), 'root:x:0:0::/home/of/root:/bin/sh\n');
    expect(start(it)).toMatchObject({ status: 0 });
    const file = join(it.runtime.state, 'process.json');
    writeFileSync(file, JSON.stringify({ cwd: '/', args: say, env: ['PATH=/bin', 'HOME='] }));
    expect(it.call('exec', '--process', file, 'box')).toEqual({ status: 0, out: '/home/of/root 0:0\n', error: '' });
  });
});

needs.test(needs.root, needs.program('busybox'))(
  'what is hidden twice is hidden once, and an empty path of a namespace is none',
  () => {
    using it = scene((config) => ({
      ...config,
      process: { cwd: '/', ...config.process, args: ['sh', '-c', 'grep -c " /etc " /proc/self/mountinfo; echo $$'] },
      linux: {
        ...config.linux,
        namespaces: config.linux?.namespaces?.map(({ type }) => ({ type, path: '' })) ?? [],
        maskedPaths: ['/etc', '/etc'],
        readonlyPaths: ['/bin', '/bin'],
      },
    }));
    expect(it.call('run', '--bundle', it.bundle.path, 'box')).toEqual({ status: 0, out: '1\n1\n', error: '' });
  },
);

test('list of a --root that is not there is refused: an empty list would be believed', () => {
  using runtime = new Runtime(ours);
  const { status, out, error } = runtime.call(['list']);
  expect({ status, out }).toEqual({ status: 1, out: '' });
  expect(error).toContain('ENOENT: there is no such directory');
  mkdirSync(join(runtime.state, 'root'));
  expect(runtime.call(['list', '--quiet'])).toEqual({ status: 0, out: '', error: '' });
});
