import { spawnSync } from 'node:child_process';
import { chownSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Config, rootlessConfig } from '@coracle/oci-spec';
import {
  copyApp,
  makeBusyboxRootfs,
  needs,
  type OwnSystemd,
  onlyVersion2,
  SYSTEMD,
  startSystemd,
} from '@coracle/test-support';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { builtRuntime } from '../runtime.ts';
import { TIMEOUT_MS } from './life-tests.ts';

/** There is one of this name wherever there is a system; a login gives the controllers that systemd 252 delegates. */
const USER = { name: 'daemon', uid: 1, controllers: 'pids memory cpu' };
const HIS = 'user.slice/user-1.slice/user@1.service';

needs.describe(...SYSTEMD, onlyVersion2())('a container of an ordinary user’s own systemd', () => {
  let systemd: OwnSystemd;
  let runtime = '';
  let scratch = '';
  beforeAll(async () => {
    builtRuntime();
    runtime = copyApp({ app: 'apps/oci-runtime', name: 'coracle-oci.cjs' });
    scratch = mkdtempSync(join(tmpdir(), 'oci-user-'));
    chownSync(scratch, USER.uid, USER.uid);
    systemd = await startSystemd({ user: USER });
  }, TIMEOUT_MS);
  afterAll(async () => {
    await systemd?.[Symbol.asyncDispose]();
    if (runtime) rmSync(dirname(runtime), { recursive: true });
    if (scratch) rmSync(scratch, { recursive: true });
  }, TIMEOUT_MS);

  /** A bundle of the user's; its configuration says as `change` has it. */
  function bundleOf(change: (config: Config) => Config): string {
    using rootfs = makeBusyboxRootfs();
    const bundle = mkdtempSync(join(scratch, 'bundle-'));
    cpSync(rootfs.path, join(bundle, 'rootfs'), { recursive: true, verbatimSymlinks: true });
    const config = rootlessConfig({ uid: USER.uid, gid: USER.uid });
    const { process: program } = config;
    if (!program) throw new Error('the usual configuration has no process');
    const { ambient: _, ...capabilities } = program.capabilities ?? {};
    const whole = { ...config, process: { ...program, args: ['sleep', '1000'], terminal: false, capabilities } };
    writeFileSync(join(bundle, 'config.json'), JSON.stringify(change(whole)));
    spawnSync('chown', ['-R', String(USER.uid), bundle]);
    return bundle;
  }

  const AS_USER = ['setpriv', `--reuid=${USER.uid}`, `--regid=${USER.uid}`, '--clear-groups', '--'];
  const ENV = ['env', '-i', 'PATH=/usr/bin:/bin', `HOME=/`, `XDG_RUNTIME_DIR=/run/user/${USER.uid}`];

  /** Nobody reads what a container that stays would hold open. */
  async function call(...words: readonly string[]): Promise<{ code: number | null; output: string }> {
    const log = join(scratch, 'log');
    const shell = ['sh', '-c', `"$@" >${log} 2>&1; code=$?; cat ${log}; exit $code`, 'sh'];
    return await systemd.run([...AS_USER, ...shell, ...ENV, process.execPath, runtime, '--systemd-cgroup', ...words]);
  }

  async function good(...words: readonly string[]): Promise<string> {
    const { code, output } = await call(...words);
    expect({ words, code, output: code === 0 ? '' : output }).toEqual({ words, code: 0, output: '' });
    return output.trim();
  }

  test(
    'lies below what is his, is limited, entered, paused, changed and removed, though his session is elsewhere',
    async () => {
      const bundle = bundleOf((config) => ({
        ...config,
        linux: {
          ...config.linux,
          cgroupsPath: 'jobs.slice:box:one',
          resources: { pids: { limit: 30 }, memory: { limit: 64 << 20 } },
        },
      }));
      const group = `${HIS}/jobs.slice/box-one.scope`;
      const read = (file: string): string | undefined => systemd.read(`${group}/${file}`);
      await good('run', '--detach', '--bundle', bundle, 'one');
      expect([read('pids.max'), read('memory.max')]).toEqual(['30', String(64 << 20)]);
      await good('exec', '--detach', 'one', 'sleep', '1000');
      expect(read('cgroup.procs')?.split('\n')).toHaveLength(2);
      await good('pause', 'one');
      expect(read('cgroup.freeze')).toBe('1');
      await good('resume', 'one');
      await good('update', '--pids-limit', '40', 'one');
      expect(read('pids.max')).toBe('40');
      await good('delete', '--force', 'one');
      expect(read('cgroup.procs')).toBeUndefined();
    },
    TIMEOUT_MS,
  );

  test(
    'without a place is in his slice for users; a limit that he was not given the controller of is refused',
    async () => {
      const bundle = bundleOf(({ linux, ...config }) => ({
        ...config,
        linux: { ...linux, resources: { cpu: { cpus: '0' } } },
      }));
      const { code, output } = await call('run', '--detach', '--bundle', bundle, 'two');
      expect(output).toMatch(/cpuset/);
      expect(code).toBe(1);
      const plain = bundleOf((config) => config);
      await good('run', '--detach', '--bundle', plain, 'two');
      expect(systemd.read(`${HIS}/user.slice/coracle-two.scope/cgroup.procs`)).toBeDefined();
      await good('delete', '--force', 'two');
      expect(systemd.read(`${HIS}/user.slice/coracle-two.scope/cgroup.procs`)).toBeUndefined();
    },
    TIMEOUT_MS,
  );
});
