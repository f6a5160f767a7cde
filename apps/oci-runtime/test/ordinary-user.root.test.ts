import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Config, rootlessConfig } from '@coracle/oci-spec';
import { buildApp, copyApp, findLeftovers, makeBusyboxRootfs, needs, PLAIN_USER } from '@coracle/test-support';
import { afterAll, beforeAll, expect } from '@jest/globals';

let ours: string;

/** A bundle of an ordinary user's, and what he does with it. */
interface Scene extends Disposable {
  path: string;
  rootfs: string;
  configure(change?: (config: Config) => Config): void;
  call(...words: string[]): SpawnSyncReturns<string>;
  /** Makes a container, whose output is a file: a pipe would be held open by it. */
  create(id: string): void;
  pidOf(id: string): number;
  as(uid: number, ...command: string[]): SpawnSyncReturns<string>;
}

function scene(): Scene {
  const path = mkdtempSync(join(tmpdir(), 'oci-ordinary-'));
  const rootfs = join(path, 'rootfs');
  using made = makeBusyboxRootfs();
  cpSync(made.path, rootfs, { recursive: true, verbatimSymlinks: true });
  mkdirSync(join(path, 'run'));
  spawnSync('chown', ['-R', `${PLAIN_USER}:${PLAIN_USER}`, path]);
  const as: Scene['as'] = (uid, ...command) =>
    spawnSync('setpriv', ['--reuid', `${uid}`, '--regid', `${uid}`, '--clear-groups', ...command], {
      encoding: 'utf8',
      env: {
        PATH: [dirname(process.execPath), process.env['PATH']].join(':'),
        XDG_RUNTIME_DIR: join(path, 'run'),
      },
    });
  const call: Scene['call'] = (...words) => as(PLAIN_USER, ours, ...words);
  const pidOf = (id: string): number => JSON.parse(call('state', id).stdout).pid;
  return {
    path,
    rootfs,
    as,
    call,
    pidOf,
    configure: (change = (config) => config) => {
      const config = rootlessConfig({ uid: PLAIN_USER, gid: PLAIN_USER });
      const { process, root } = config;
      if (!process || !root) throw new TypeError('the usual configuration has a process and a root');
      const capabilities = { bounding: [], effective: [], permitted: [] };
      const usual = {
        ...config,
        process: { ...process, terminal: false, args: ['sleep', '1000'], capabilities },
        root: { ...root, readonly: false },
      };
      writeFileSync(join(path, 'config.json'), JSON.stringify(change(usual)));
    },
    create: (id) => {
      const said = join(path, 'said');
      const words = ['sh', '-c', `exec "$@" >${said} 2>&1`, 'sh', ours, 'create', '--bundle', path, id];
      expect([as(PLAIN_USER, ...words).status, readFileSync(said, 'utf8')]).toEqual([0, '']);
    },
    [Symbol.dispose]: () => {
      for (const id of call('list', '--quiet').stdout.split('\n').filter(Boolean)) call('delete', '--force', id);
      rmSync(path, { recursive: true });
    },
  };
}

needs.describe(
  needs.root,
  needs.program('setpriv'),
  needs.program('busybox'),
)('an ordinary user', () => {
  const test = needs.test();
  let before: ReturnType<typeof findLeftovers>;
  beforeAll(() => {
    before = findLeftovers();
    buildApp('oci-runtime');
    ours = copyApp({ app: 'apps/oci-runtime', name: 'coracle-oci.cjs' });
  });
  afterAll(() => {
    rmSync(dirname(ours), { recursive: true });
    expect(findLeftovers()).toEqual(before);
  });

  test('can run a program in a container that waits for its start', () => {
    using it = scene();
    it.configure();
    it.create('box');
    expect(it.call('exec', 'box', 'id', '-u')).toMatchObject({ status: 0, stdout: '0\n', stderr: '' });
    expect(it.call('start', 'box')).toMatchObject({ status: 0, stderr: '' });
    expect(it.call('exec', 'box', 'id', '-u')).toMatchObject({ status: 0, stdout: '0\n', stderr: '' });
  });

  test('has hooks run in his container, before its root is changed and after', () => {
    using it = scene();
    const told = join(it.rootfs, 'told');
    writeFileSync(told, '');
    chmodSync(told, 0o666);
    const hook = (file: string) => ({
      path: '/bin/sh',
      args: ['sh', '-ec', `echo $(id -u) $(busybox readlink /proc/self/ns/user) >>${file}`],
      env: ['PATH=/bin:/usr/bin'],
    });
    it.configure((config) => ({
      ...config,
      process: {
        cwd: '/',
        user: { uid: 0, gid: 0 },
        args: ['busybox', 'readlink', '/proc/self/ns/user'],
        env: ['PATH=/bin'],
      },
      hooks: { createContainer: [hook('told')], startContainer: [hook('/told')] },
    }));
    const { status, stdout, stderr } = it.call('run', '--bundle', it.path, 'box');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const inside = stdout.trim();
    expect(inside).toMatch(/^user:/);
    expect(readFileSync(told, 'utf8')).toBe(`0 ${inside}\n0 ${inside}\n`);
  });

  test('is told which groups a program that enters cannot have', () => {
    using it = scene();
    it.configure();
    it.create('box');
    const program = join(it.path, 'process.json');
    const inGroups = (additionalGids: number[]) =>
      JSON.stringify({ args: ['true'], cwd: '/', env: ['PATH=/bin'], user: { uid: 0, gid: 0, additionalGids } });
    writeFileSync(program, inGroups([0, 5]));
    const { status, stderr } = it.call('exec', '--process', program, 'box');
    expect(status).not.toBe(0);
    expect(stderr).toContain('$.process.user.additionalGids');
    writeFileSync(program, inGroups([0]));
    expect(it.call('exec', '--process', program, 'box')).toMatchObject({ status: 0, stderr: '' });
  });

  test('is warned where what his program leaves running could not be found', () => {
    using it = scene();
    const run = (withoutPid: boolean): string => {
      it.configure((config) => ({
        ...config,
        process: { cwd: '/', ...config.process, args: ['true'] },
        // Who has no PID namespace of his own can mount no proc.
        mounts: withoutPid ? [] : (config.mounts ?? []),
        linux: {
          ...config.linux,
          namespaces: config.linux?.namespaces?.filter(({ type }) => !withoutPid || type !== 'pid') ?? [],
          ...(withoutPid ? { maskedPaths: [], readonlyPaths: [] } : {}),
        },
      }));
      const { stderr, status } = it.call('run', '--bundle', it.path, 'box');
      expect({ status, stderr }).toMatchObject({ status: 0 });
      return stderr;
    };
    expect(run(false)).toBe('');
    expect(run(true)).toMatch(
      /^time=\S+ level=warning msg="config\.json: \$\.linux\.namespaces has no pid, .* neither found nor ended"\n$/,
    );
  });

  test('lets nobody else into it meanwhile: no program in it, no other user, no other container of his', () => {
    using it = scene();
    it.configure();
    it.create('box');
    const place = `/proc/${it.pidOf('box')}/cwd`;
    const sibling = ['unshare', '--user', '--map-root-user'];
    const closed = { status: 1, stdout: '' };
    expect(it.as(PLAIN_USER, 'readlink', place)).toMatchObject({ status: 0, stdout: '/\n' });
    expect(it.as(PLAIN_USER, ...sibling, 'readlink', place)).toMatchObject(closed);
    expect(it.as(PLAIN_USER + 1, 'readlink', place)).toMatchObject(closed);
    expect(it.call('exec', 'box', 'busybox', 'readlink', '/proc/1/cwd')).toMatchObject(closed);
  });

  test('can shift the clocks of his container, and have a second one in all its namespaces', () => {
    using it = scene();
    const joined = ['user', 'pid', 'ipc', 'uts', 'time'] as const;
    const clocks = { type: 'time' } as const;
    it.configure((config) => ({
      ...config,
      linux: {
        ...config.linux,
        namespaces: [...(config.linux?.namespaces ?? []), clocks],
        timeOffsets: { boottime: { secs: 1_000_000 }, monotonic: { secs: 5, nanosecs: 1 } },
      },
    }));
    it.create('box');
    expect(it.call('start', 'box')).toMatchObject({ status: 0, stderr: '' });
    const { stdout } = it.call('exec', 'box', 'cat', '/proc/uptime');
    expect(Number(stdout.split(' ')[0])).toBeGreaterThan(1_000_000);

    const place = `/proc/${it.pidOf('box')}/ns`;
    const capabilities = Object.fromEntries(['bounding', 'permitted', 'effective'].map((set) => [set, ['CAP_KILL']]));
    it.configure(({ linux: { uidMappings: _, gidMappings: _mappings, ...linux } = {}, process, ...config }) => ({
      ...config,
      process: { cwd: '/', user: { uid: 0, gid: 0 }, env: ['PATH=/bin'], args: ['sleep', '1000'], capabilities },
      linux: {
        ...linux,
        namespaces: [{ type: 'mount' }, ...joined.map((type) => ({ type, path: `${place}/${type}` }))],
      },
    }));
    it.create('second');
    expect(it.call('start', 'second')).toMatchObject({ status: 0, stderr: '' });
    const entered = it.call(
      'exec',
      'second',
      'sh',
      '-c',
      'cat /proc/self/timens_offsets; grep CapBnd /proc/self/status',
    );
    expect(entered).toMatchObject({ status: 0, stderr: '' });
    expect(entered.stdout).toMatch(/boottime +1000000 +0\nCapBnd:\t0000000000000020\n/);
  });
});
