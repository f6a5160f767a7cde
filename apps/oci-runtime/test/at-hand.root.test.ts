import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import type { Config } from '@coracle/oci-spec';
import { buildApp, copyApp, findLeftovers, needs, withoutRest } from '@coracle/test-support';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Bundle, until } from './runtime.ts';

let ours: string;

/** What engines write into each configuration beside what `spec` does. */
function asOfAnEngine(config: Config): Config {
  const linux: NonNullable<Config['linux']> = {
    ...config.linux,
    resources: {
      memory: { limit: 67_108_864 },
      cpu: { shares: 512, quota: 50_000, period: 100_000 },
      pids: { limit: 50 },
    },
    seccomp: {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [
        { names: ['bdflush', 'swapon'], action: 'SCMP_ACT_ERRNO', errnoRet: 1 },
        {
          names: ['socket'],
          action: 'SCMP_ACT_ERRNO',
          errnoRet: 22,
          args: [{ index: 0, value: 16, op: 'SCMP_CMP_EQ' }],
        },
      ],
    },
  };
  const run = { destination: '/run', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', 'tmpcopyup'] };
  return { ...config, mounts: [...(config.mounts ?? []), run], linux };
}

/** Each call ends well, and says nothing. */
function expectAll({ path }: Bundle, calls: readonly (readonly string[])[]): void {
  for (const words of calls) {
    const said = join(path, 'said');
    const stderr = openSync(said, 'w'); // a pipe would be held open by the container
    const { status } = spawnSync(ours, ['--root', join(path, 'state'), ...words], {
      stdio: ['ignore', 'ignore', stderr],
    });
    closeSync(stderr);
    expect([words, status, readFileSync(said, 'utf8')]).toEqual([words, 0, '']);
  }
}

needs.describe(needs.root)('what engines call', () => {
  let before: ReturnType<typeof findLeftovers>;
  beforeAll(() => {
    before = findLeftovers();
    buildApp('oci-runtime');
    ours = copyApp({ app: 'apps/oci-runtime', name: 'coracle-oci.cjs' });
    withoutRest(ours);
  });
  afterAll(() => {
    rmSync(dirname(ours), { recursive: true });
    expect(findLeftovers()).toEqual(before);
  });

  test.each([
    ['spec', (config: Config) => config],
    ['an engine', asOfAnEngine],
  ])('for a container as %s describes it has all that it runs at hand', async (_, change) => {
    using bundle = new Bundle();
    bundle.configure(['sleep', '60'], change);
    const program = join(bundle.path, 'process.json');
    writeFileSync(program, JSON.stringify({ user: { uid: 0, gid: 0 }, args: ['true'], env: ['PATH=/bin'], cwd: '/' }));
    expectAll(bundle, [
      ['create', '--bundle', bundle.path, '--pid-file', join(bundle.path, 'pid'), 'box'],
      ['state', 'box'],
    ]);
    const pid = readFileSync(join(bundle.path, 'pid'), 'utf8');
    expectAll(bundle, [
      ['start', 'box'],
      ['exec', '--process', program, '--detach', '--pid-file', join(bundle.path, 'other-pid'), 'box'],
      ['kill', 'box', 'KILL'],
    ]);
    // By then engines have buried it, here who took it in; in a container that may be nobody.
    await until('it is buried', () => !existsSync(`/proc/${pid}`)).catch(() => {});
    expectAll(bundle, [['delete', '--force', 'box']]);
    bundle.configure(['true'], change);
    expectAll(bundle, [
      ['run', '--bundle', bundle.path, 'box'],
      ['run', '-b', bundle.path, 'box'],
      ['create', '-b', bundle.path, 'box'],
      ['start', 'box'],
      ['delete', '--force', 'box'],
    ]);
  });

  test('for one with a terminal has it too', () => {
    using bundle = new Bundle();
    bundle.configure(['true'], ({ process, ...config }) => ({
      ...config,
      ...(process ? { process: { ...process, terminal: true } } : {}),
    }));
    const socket = join(bundle.path, 'socket');
    const listener = createServer().listen(socket);
    expectAll(bundle, [
      ['create', '--bundle', bundle.path, '--console-socket', socket, 'box'],
      ['start', 'box'],
      ['delete', '--force', 'box'],
    ]);
    listener.close();
  });
});
