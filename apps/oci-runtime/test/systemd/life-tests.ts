import { existsSync } from 'node:fs';
import type { Config } from '@coracle/oci-spec';
import { type OwnSystemd, startSystemd, until } from '@coracle/test-support';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Bundle, Runtime } from '../runtime.ts';
import { machineOf, type SystemdMachine } from './machine.ts';

export const TIMEOUT_MS = 240_000;

/** A container's life where a real systemd, that of these tests alone, makes its group: on either version of cgroups. */
export function lifeTests({ version }: { version: 1 | 2 }): void {
  let systemd: OwnSystemd;
  let machine: SystemdMachine;
  beforeAll(async () => {
    systemd = await startSystemd();
    machine = await machineOf(systemd);
  }, TIMEOUT_MS);
  afterAll(async () => {
    machine?.[Symbol.dispose]();
    await systemd?.[Symbol.asyncDispose]();
  }, TIMEOUT_MS);

  const file = (v1: string, v2: string): string => (version === 1 ? v1 : v2);
  const isThere = (path: string): boolean => systemd.directories.some((one) => existsSync(`${one}/${path}`));
  const placed =
    (cgroupsPath: string | undefined, resources: NonNullable<Config['linux']>['resources'] = {}) =>
    (config: Config): Config => {
      const { cgroupsPath: _, ...linux } = config.linux ?? {};
      return {
        ...config,
        linux: {
          ...linux,
          ...(cgroupsPath === undefined ? {} : { cgroupsPath }),
          resources: { ...linux.resources, ...resources },
        },
      };
    };
  /** What is said, of a command that has to succeed. */
  const good = (runtime: Runtime, ...words: readonly string[]): string => {
    const { status, out, error } = runtime.call(words);
    expect({ words, status, error }).toEqual({ words, status: 0, error: '' });
    return out;
  };

  test(
    'is one of a scope, whose limits systemd knows from the beginning to the end',
    async () => {
      using bundle = new Bundle();
      using runtime = new Runtime(machine.runtime);
      const limits = { pids: { limit: 30 }, memory: { limit: 64 << 20 }, cpu: { quota: 50_000, period: 100_000 } };
      bundle.configure(['sleep', '1000'], (config) => ({
        ...placed('coracle-test.slice:box:one', limits)(config),
        annotations: { 'org.systemd.property.TimeoutStopSec': 'uint64 7' },
      }));
      const scope = 'box-one.scope';
      const path = `coracle.slice/coracle-test.slice/${scope}`;
      good(runtime, 'create', '--bundle', bundle.path, 'one');
      expect(
        machine.show(scope, 'Slice', 'Delegate', 'TasksMax', 'MemoryMax', 'CPUQuotaPerSecUSec', 'TimeoutStopUSec'),
      ).toEqual({
        Slice: 'coracle-test.slice',
        Delegate: 'yes',
        TasksMax: '30',
        MemoryMax: String(64 << 20),
        CPUQuotaPerSecUSec: '500ms',
        TimeoutStopUSec: '7s',
      });
      const read = (): (string | undefined)[] =>
        ['pids.max', file('memory.limit_in_bytes', 'memory.max'), file('cpu.cfs_quota_us', 'cpu.max')].map(
          (name) => systemd.read(`${path}/${name}`)?.split(' ')[0],
        );
      expect(read()).toEqual(['30', String(64 << 20), '50000']);
      expect(runtime.stateOf('one')).toMatchObject({ status: 'created' });
      good(runtime, 'start', 'one');
      expect(runtime.stateOf('one')).toMatchObject({ status: 'running' });
      // The scope is all that it sees of groups, and what is begun in it later is in there too.
      const groups = good(runtime, 'exec', 'one', 'cat', '/proc/self/cgroup').trim().split('\n');
      expect(groups.filter((line) => /:(|memory|pids|name=systemd):/.test(line) && !line.endsWith(':/'))).toEqual([]);
      good(runtime, 'exec', '--detach', 'one', 'sleep', '1000');
      expect(JSON.parse(good(runtime, 'ps', '--format', 'json', 'one'))).toHaveLength(2);
      good(runtime, 'pause', 'one');
      expect(runtime.stateOf('one')).toMatchObject({ status: 'paused' });
      good(runtime, 'resume', 'one');
      good(runtime, 'update', '--pids-limit', '40', '--memory', String(96 << 20), 'one');
      expect(machine.show(scope, 'TasksMax', 'MemoryMax')).toEqual({ TasksMax: '40', MemoryMax: String(96 << 20) });
      expect(read()).toEqual(['40', String(96 << 20), '50000']);
      // systemd puts its own in force again, which are the same.
      machine.call('systemctl', 'daemon-reload');
      machine.call('systemctl', 'set-property', '--runtime', scope, 'CPUWeight=200');
      expect(read()).toEqual(['40', String(96 << 20), '50000']);
      good(runtime, 'kill', 'one', 'KILL');
      await until(() => runtime.stateOf('one')?.['status'] === 'stopped', 'the end of the container');
      good(runtime, 'delete', 'one');
      expect(machine.show(scope, 'LoadState')).toEqual({ LoadState: 'not-found' });
      expect(isThere(path)).toBe(false);
      expect(runtime.left()).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    'rules for devices hold, also when systemd has been reloaded',
    () => {
      using bundle = new Bundle();
      using runtime = new Runtime(machine.runtime);
      const script =
        'mknod /tmp/node c 10 229; for node in /tmp/node /dev/zero; do (: <$node) && echo $node; done; true';
      const devices = [
        { allow: false, access: 'rwm' },
        { allow: true, type: 'c' as const, major: 1, minor: 5, access: 'rwm' },
      ];
      bundle.configure(['sleep', '1000'], (config) => {
        const { process } = config;
        const all = ['CAP_MKNOD', 'CAP_SYS_ADMIN', 'CAP_DAC_OVERRIDE'];
        return {
          ...placed(':box:devices', { devices })(config),
          ...(process
            ? { process: { ...process, capabilities: { bounding: all, effective: all, permitted: all } } }
            : {}),
        };
      });
      good(runtime, 'run', '--detach', '--bundle', bundle.path, 'devices');
      const looks = (): string => runtime.call(['exec', 'devices', 'sh', '-c', script]).out;
      expect(looks()).toBe('/dev/zero\n');
      machine.call('systemctl', 'daemon-reload');
      machine.call('systemctl', 'set-property', '--runtime', 'box-devices.scope', 'TasksMax=50');
      expect(looks()).toBe('/dev/zero\n');
      good(runtime, 'delete', '--force', 'devices');
    },
    TIMEOUT_MS,
  );

  test(
    'is in the slice of the system where no place is named, also with room for one process alone',
    () => {
      using bundle = new Bundle();
      using runtime = new Runtime(machine.runtime);
      bundle.configure(['sleep', '1000'], placed(undefined, { pids: { limit: 1 } }));
      good(runtime, 'create', '--bundle', bundle.path, 'two');
      expect(systemd.read('system.slice/coracle-two.scope/pids.max')).toBe('1');
      expect(machine.show('coracle-two.scope', 'TasksMax')).toEqual({ TasksMax: '1' });
      good(runtime, 'start', 'two');
      good(runtime, 'delete', '--force', 'two');
      expect(machine.show('coracle-two.scope', 'LoadState')).toEqual({ LoadState: 'not-found' });
    },
    TIMEOUT_MS,
  );

  test(
    'begins where a unit of its name has failed, and not where one of somebody else’s lives, which lives on',
    async () => {
      using bundle = new Bundle();
      using runtime = new Runtime(machine.runtime);
      const stateOf = (): string | undefined => machine.show('box-taken.scope', 'ActiveState')['ActiveState'];
      const other = (...options: readonly string[]): string =>
        machine.call(
          'sh',
          '-c',
          `systemd-run --scope --quiet --unit=box-taken.scope ${options.join(' ')} sleep 1000 >/dev/null 2>&1 &`,
        );
      bundle.configure(['sleep', '1000'], placed(':box:taken'));
      other();
      await until(() => stateOf() === 'active', 'the other unit');
      const { status, error } = runtime.call(['create', '--bundle', bundle.path, 'taken']);
      expect({ status, error }).toEqual({ status: 1, error: expect.stringMatching(/box-taken\.scope|cgroupsPath/) });
      expect(stateOf()).toBe('active');
      expect(runtime.left()).toEqual([]);
      machine.call('systemctl', 'stop', 'box-taken.scope');
      other('-p RuntimeMaxSec=1');
      await until(() => stateOf() === 'failed', 'the failure of the other unit');
      good(runtime, 'create', '--bundle', bundle.path, 'taken');
      expect(stateOf()).toBe('active');
      good(runtime, 'delete', '--force', 'taken');
      expect(stateOf()).toBe('inactive');
      // Nor is one that somebody else has made since taken for the container's, when that is removed.
      good(runtime, 'run', '--detach', '--bundle', bundle.path, 'taken');
      good(runtime, 'kill', 'taken', 'KILL');
      await until(() => stateOf() === 'inactive', 'the end of the container');
      other();
      await until(() => stateOf() === 'active', 'the other unit');
      good(runtime, 'delete', '--force', 'taken');
      expect(stateOf()).toBe('active');
      machine.call('systemctl', 'stop', 'box-taken.scope');
    },
    TIMEOUT_MS,
  );

  test(
    'a path that is none of systemd’s is refused, and nothing is left',
    () => {
      using bundle = new Bundle();
      using runtime = new Runtime(machine.runtime);
      for (const cgroupsPath of ['/system.slice/box', 'a.slice:b:c.slice']) {
        bundle.configure(['true'], placed(cgroupsPath));
        const { status, error } = runtime.call(['run', '--bundle', bundle.path, 'three']);
        expect({ status, error }).toEqual({ status: 1, error: expect.stringContaining(cgroupsPath) });
      }
      expect(runtime.left()).toEqual([]);
    },
    TIMEOUT_MS,
  );
}
