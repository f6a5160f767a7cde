import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseMountinfo } from '@coracle/mountinfo';
import type { Config, Mount, Process } from '@coracle/oci-spec';
import { findLeftovers, needs } from '@coracle/test-support';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { Bundle, builtRuntime, Runtime, type Said } from '../runtime.ts';

let before: ReturnType<typeof findLeftovers>;
let ours: string;
/** What the container with everything has said, by question. */
let sight: Record<string, string> = {};
let error = '';

const tmpfs = (destination: string, ...options: string[]): Mount => ({
  destination,
  type: 'tmpfs',
  source: 'tmpfs',
  options,
});
const bind = (destination: string, source: string, ...options: string[]): Mount => ({
  destination,
  type: 'none',
  source,
  options,
});
const SHARING = ['private', 'rprivate', 'slave', 'rslave', 'shared', 'rshared', 'unbindable', 'runbindable'] as const;
const ATTRIBUTES = ['ro', 'nosuid', 'nodev', 'noexec', 'nodiratime'];
const OPPOSITES = ['rw', 'suid', 'dev', 'exec', 'diratime'];

/** In their order. */
const MOUNTS: Mount[] = [
  tmpfs('/order'),
  bind('/order/inside', 'volume', 'bind'),
  tmpfs('relative'),
  bind('/on', 'volume', 'bind', ...ATTRIBUTES),
  bind('/off', 'volume', 'bind', ...ATTRIBUTES, ...OPPOSITES),
  tmpfs('/times/noatime', 'noatime'),
  tmpfs('/times/strictatime', 'strictatime'),
  tmpfs('/times/relatime', 'strictatime', 'relatime'),
  tmpfs('/times/nostrictatime', 'strictatime', 'nostrictatime'),
  tmpfs('/times/atime', 'noatime', 'atime'),
  tmpfs('/times/norelatime', 'norelatime'),
  tmpfs('/whole/sync', 'sync', 'dirsync', 'lazytime'),
  tmpfs('/whole/async', 'sync', 'async', 'lazytime', 'nolazytime'),
  tmpfs('/whole/silent', 'defaults', 'silent', 'loud', 'noiversion'),
  tmpfs('/again'),
  { destination: '/again', options: ['remount', 'ro', 'noexec'] },
  bind('/flat', '/dev', 'bind'),
  bind('/deep', '/dev', 'rbind'),
  ...SHARING.map((word) => bind(`/sharing/${word}`, 'volume', 'bind', word)),
];

const PROBE = `
echo '== mounts'; cat /proc/self/mountinfo
echo '== order'; ls /order/inside /relative >/dev/null && cat /order/inside/file
echo '== root'; touch /touched 2>&1; touch /order/touched && echo elsewhere
echo '== limits'; cat /proc/self/limits
echo '== score'; cat /proc/self/oom_score_adj
echo '== directory'; pwd
echo '== terminal'; test -t 1 || echo none
echo '== end'`;

function parse(out: string): Record<string, string> {
  return Object.fromEntries(
    out
      .split(/^== /m)
      .slice(1)
      .map((part) => [part.slice(0, part.indexOf('\n')), part.slice(part.indexOf('\n') + 1)]),
  );
}

const PROCESS: Process = {
  user: { uid: 0, gid: 0 },
  args: ['sh', '-c', PROBE],
  env: ['PATH=/bin'],
  cwd: '/relative',
  consoleSize: { height: 33, width: 77 },
  oomScoreAdj: 567,
  rlimits: [
    { type: 'RLIMIT_NOFILE', soft: 100, hard: 200 },
    { type: 'RLIMIT_CORE', soft: 0, hard: 4096 },
  ],
  capabilities: { bounding: ['CAP_FLY', 'CAP_KILL'], permitted: ['CAP_KILL'], effective: ['CAP_KILL'] },
};

function run(change: (config: Config) => Config): Said {
  using bundle = new Bundle();
  using runtime = new Runtime(ours);
  mkdirSync(join(bundle.path, 'volume/below'), { recursive: true });
  writeFileSync(join(bundle.path, 'volume/file'), 'of the host\n');
  bundle.configure(['true'], change);
  return runtime.call(['run', '--bundle', bundle.path, 'box']);
}

beforeAll(() => {
  if (!needs.root.met || !needs.program('busybox').met) return;
  before = findLeftovers();
  ours = builtRuntime();
  const said = run((config) => ({
    ...config,
    root: { path: config.root.path, readonly: true },
    process: PROCESS,
    mounts: [...(config.mounts ?? []), ...MOUNTS],
    future: { unknown: 'property' },
  }));
  sight = parse(said.out);
  error = said.error;
  if (!('end' in sight)) throw new Error(`the container has not run: ${error}${said.out}`);
});
afterAll(() => {
  if (before) expect(findLeftovers()).toEqual(before);
});

type Mounted = ReturnType<typeof parseMountinfo>[number];

/** What is mounted last at a place. */
function at(place: string): Mounted {
  const found = parseMountinfo(sight['mounts'] ?? '').findLast(({ mountPoint }) => mountPoint === place);
  if (!found) throw new Error(`nothing is mounted on ${place}`);
  return found;
}

needs.describe(needs.root, needs.program('busybox'))('config.md', () => {
  const test = needs.test();

  test('config.md#configRoot: without a directory at root.path it is an error', () => {
    for (const path of ['nowhere', '/etc/hostname'])
      expect(run((config) => ({ ...config, root: { path } }))).toMatchObject({
        status: 1,
        error: expect.stringContaining('$.root.path'),
      });
  });

  test('config.md#configRoot: a root that is readonly is read-only inside', () => {
    expect(sight['root']).toMatch(/Read-only file system\nelsewhere\n$/);
    expect(at('/').options).toContain('ro');
  });

  test('config.md#configMounts: mounts are made in the order they are listed', () => {
    expect(sight['order']).toBe('of the host\n');
    const places = parseMountinfo(sight['mounts'] ?? '').map(({ mountPoint }) => mountPoint);
    expect(places.indexOf('/order')).toBeLessThan(places.indexOf('/order/inside'));
  });

  test('config.md#configMounts: a destination that is relative begins at /', () => {
    expect(at('/relative').type).toBe('tmpfs');
  });

  test('config.md#configLinuxMountOptions: ro, nosuid, nodev, noexec, nodiratime, and rw, suid, dev, exec, diratime', () => {
    expect(at('/on').options).toEqual(expect.arrayContaining(ATTRIBUTES));
    expect(at('/off').options).toContain('rw');
    for (const option of ATTRIBUTES) expect(at('/off').options).not.toContain(option);
  });

  test('config.md#configLinuxMountOptions: atime, noatime, relatime, norelatime, strictatime, nostrictatime', () => {
    const kept = (name: string): string =>
      at(`/times/${name}`).options.find((option) => /^(no|rel)atime$/.test(option)) ?? 'strictatime';
    const names = ['noatime', 'strictatime', 'relatime', 'nostrictatime', 'atime', 'norelatime'];
    expect(names.map(kept)).toEqual(['noatime', 'strictatime', 'relatime', 'relatime', 'relatime', 'relatime']);
  });

  test('config.md#configLinuxMountOptions: sync, async, dirsync, lazytime, nolazytime', () => {
    expect(at('/whole/sync').superOptions).toEqual(expect.arrayContaining(['sync', 'dirsync', 'lazytime']));
    for (const option of ['sync', 'lazytime']) expect(at('/whole/async').superOptions).not.toContain(option);
  });

  test('config.md#configLinuxMountOptions: defaults, silent, loud and noiversion say what is so anyway', () => {
    expect(at('/whole/silent').options).toEqual(['rw', 'relatime']);
  });

  test('config.md#configLinuxMountOptions: bind takes one mount, rbind those below it too', () => {
    const below = (mountinfo: string, place: string): number =>
      new Set(
        parseMountinfo(mountinfo).flatMap(({ mountPoint }) => (mountPoint.startsWith(`${place}/`) ? [mountPoint] : [])),
      ).size;
    const own = below(readFileSync('/proc/self/mountinfo', 'utf8'), '/dev');
    expect(own).toBeGreaterThan(0);
    expect(['/flat', '/deep'].map((place) => below(sight['mounts'] ?? '', place))).toEqual([0, own]);
  });

  test('config.md#configLinuxMountOptions: remount changes what is mounted there', () => {
    expect(at('/again').options).toEqual(expect.arrayContaining(['ro', 'noexec']));
    expect(parseMountinfo(sight['mounts'] ?? '').filter(({ mountPoint }) => mountPoint === '/again')).toHaveLength(1);
  });

  test('config.md#configLinuxMountOptions: private, slave, shared, unbindable, and those for all below', () => {
    const ties = SHARING.map((word) => Object.keys(at(`/sharing/${word}`).tags).filter((tie) => tie !== 'master'));
    expect(ties).toEqual([[], [], [], [], ['shared'], ['shared'], ['unbindable'], ['unbindable']]);
  });

  test('config.md#configProcess: consoleSize is ignored without a terminal', () => {
    expect(sight['terminal']).toBe('none\n');
  });

  test('config.md#configProcess: the program begins in cwd', () => {
    expect(sight['directory']).toBe('/relative\n');
  });

  test('config.md#configPOSIXProcess: the soft and the hard limit are those of the configuration', () => {
    expect(sight['limits']).toMatch(/^Max open files +100 +200 /m);
    expect(sight['limits']).toMatch(/^Max core file size +0 +4096 /m);
  });

  test('config.md#configLinuxProcess: a capability that is none is told of, and left out', () => {
    expect(error).toMatch(/level=warning .*CAP_FLY/);
  });

  test('config.md#configLinuxProcess: oomScoreAdj is set where it is given, and otherwise as it was', () => {
    expect(sight['score']).toBe('567\n');
    const { oomScoreAdj: _, ...without } = PROCESS;
    const args = ['cat', '/proc/self/oom_score_adj'];
    expect(run((config) => ({ ...config, process: { ...without, cwd: '/', args } })).out).toBe(
      readFileSync('/proc/self/oom_score_adj', 'utf8'),
    );
  });

  test('config.md#configExtensibility: a configuration with unknown properties runs', () => {
    expect(Object.keys(sight)).toContain('end');
    expect(error).not.toContain('level=error');
  });
});
