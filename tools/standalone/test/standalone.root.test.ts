import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { specConfig } from '@coracle/oci-spec';
import { type BusyboxRootfs, findLeftovers, makeBusyboxRootfs, needs, until } from '@coracle/test-support';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { BUN } from '../bun.mjs';

const BUILD = fileURLToPath(new URL('../build.mjs', import.meta.url));
const MINUTE = 60_000;

/** What fetches something needs the certificates that other tests do without. */
const online = { ...process.env, NODE_EXTRA_CA_CERTS: process.env['CORACLE_TEST_CERTIFICATES'] };

/** Whether it can be had: it comes from where packages come from. */
const bun = {
  what: 'a Bun that npx can fetch',
  met: needs.root.met && spawnSync('npx', [...BUN, '--version'], { timeout: MINUTE, env: online }).status === 0,
};

needs.describe(
  needs.root,
  needs.program('busybox'),
  bun,
)('the stand-alone commands', () => {
  const test = needs.test();
  let directory: string;
  let rootfs: BusyboxRootfs;
  let before: ReturnType<typeof findLeftovers>;
  beforeAll(() => {
    before = findLeftovers();
    rootfs = makeBusyboxRootfs();
    directory = mkdtempSync(join(tmpdir(), 'standalone-'));
    execFileSync(process.execPath, [BUILD, directory], { env: online, stdio: ['ignore', 'ignore', 'inherit'] });
  }, 3 * MINUTE);
  afterAll(() => {
    rootfs[Symbol.dispose]();
    rmSync(directory, { recursive: true });
    expect(findLeftovers()).toEqual(before);
  });

  /** Without a PATH that has Node. */
  const call = (name: string, args: readonly string[], input = ''): { status: number | null; out: string } => {
    const { status, stdout, stderr } = spawnSync(join(directory, name), args, {
      encoding: 'utf8',
      input,
      cwd: directory,
      env: { PATH: '/nowhere' },
      timeout: MINUTE,
    });
    return { status, out: stdout + stderr };
  };

  test('coracle runs a program, hands it input and passes its exit code on', () => {
    const args = ['run', '--quiet', '--rootfs', rootfs.path, '--pids-limit', '20', 'sh', '-c', 'cat; echo $$; exit 7'];
    expect(call('coracle', args, 'input\n')).toEqual({ status: 7, out: 'input\n1\n' });
    expect(call('coracle', ['run', '--rootfs', rootfs.path, 'nothing']).status).toBe(127);
  });

  test('what lies where it is called is none of its settings', () => {
    writeFileSync(join(directory, '.env'), 'PLANTED=yes\n');
    const args = ['run', '--quiet', '--rootfs', rootfs.path, '-e', 'PLANTED', 'sh', '-c', 'echo "[$PLANTED]"'];
    expect(call('coracle', args)).toEqual({ status: 0, out: '[]\n' });
  });

  test('its heap is of huge pages, where the kernel gives them', async () => {
    // With an init, as a first process without a handler would not heed the signal that ends it.
    const words = ['run', '--quiet', '--init', '--rootfs', rootfs.path, 'sleep', '1000'];
    const child = spawn(join(directory, 'coracle'), words);
    try {
      const flags = (): string => readFileSync(`/proc/${child.pid}/smaps`, 'utf8');
      await until(() => / hg\b/.test(flags()), 'a mapping with MADV_HUGEPAGE');
    } finally {
      child.kill();
      await once(child, 'exit');
    }
  });

  test('lines end as the program ends them, where what a terminal shows goes to a file', () => {
    const config = specConfig({ hasCgroup2: false });
    const args = ['sh', '-c', 'tty; echo two'];
    const text = JSON.stringify({ ...config, process: { ...config.process, args }, root: { path: rootfs.path } });
    writeFileSync(join(directory, 'config.json'), text);
    const words = ['--root', join(directory, 'state'), 'run', 'box'];
    expect(call('coracle-oci', words)).toEqual({ status: 0, out: '/dev/pts/0\ntwo\n' });
  });

  test('coracle-oci brings a container through its life', () => {
    const { process: program, ...config } = specConfig();
    const args = ['sh', '-c', 'exec sleep 1000'];
    writeFileSync(
      join(directory, 'config.json'),
      JSON.stringify({
        ...config,
        process: { ...program, terminal: false, args },
        root: { path: rootfs.path },
      }),
    );
    const oci = (...words: string[]): { status: number | null; out: string } =>
      call('coracle-oci', ['--root', join(directory, 'state'), ...words]);
    // An engine gives no pipes: the container would hold them open.
    const create = ['--root', join(directory, 'state'), 'create', '--pid-file', join(directory, 'pid'), 'box'];
    const created = spawnSync(join(directory, 'coracle-oci'), create, {
      stdio: 'ignore',
      cwd: directory,
      timeout: MINUTE,
    });
    expect(created.status).toBe(0);
    expect(JSON.parse(oci('state', 'box').out).status).toBe('created');
    expect(oci('start', 'box')).toEqual({ status: 0, out: '' });
    expect(JSON.parse(oci('state', 'box').out)).toMatchObject({
      status: 'running',
      pid: Number(readFileSync(join(directory, 'pid'), 'utf8')),
    });
    expect(oci('exec', 'box', 'sh', '-c', 'exit 5').status).toBe(5);
    expect(oci('delete', '--force', 'box')).toEqual({ status: 0, out: '' });
    expect(oci('list', '--quiet')).toEqual({ status: 0, out: '' });
    expect(call('coracle-oci', ['--version']).out).toContain('bun: ');
    expect(Object.keys(JSON.parse(call('coracle', ['version', '--json']).out))).toEqual(['version', 'bun']);
  });
});
