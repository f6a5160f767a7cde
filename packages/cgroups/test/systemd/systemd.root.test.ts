import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { needs, type OwnSystemd, onlyVersion2, SYSTEMD, startSystemd } from '@coracle/test-support';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Bus, createScope, openBus, type ScopeOptions } from '../../src/systemd/index.ts';
import { managedTests } from './managed-tests.ts';

const TIMEOUT_MS = 150_000;

needs.describe(...SYSTEMD, onlyVersion2())('scopes of a real systemd', () => {
  let systemd: OwnSystemd;
  let bus: Bus;

  beforeAll(async () => {
    systemd = await startSystemd();
    bus = await openBus(systemd.address);
  }, TIMEOUT_MS);
  afterAll(async () => {
    bus?.[Symbol.dispose]();
    await systemd?.[Symbol.asyncDispose]();
  }, TIMEOUT_MS);

  const file = (unit: string, name: string): string | undefined => systemd.read(`system.slice/${unit}/${name}`);
  const isThere = (unit: string): boolean => existsSync(`${systemd.directories[0]}/system.slice/${unit}`);

  async function scopeOf(unit: string, options: Omit<ScopeOptions, 'pids'>) {
    const { pid, child } = await systemd.start(['sleep', '1000']);
    const ended = once(child, 'exit');
    const scope = await createScope(bus, unit, { pids: [pid], facts: systemd.facts, ...options });
    return { scope, ended };
  }

  test(
    'a process is put into a scope with limits, which are changed and lifted; it ends with its scope',
    async () => {
      const resources = { pids: 20, memory: { max: '64m', swapMax: 0 }, cpus: 0.5, cpuset: { cpus: '0' } };
      const { scope, ended } = await scopeOf('first.scope', { resources, description: 'a test' });
      expect(file('first.scope', 'pids.max')).toBe('20');
      expect(file('first.scope', 'memory.max')).toBe(String(64 << 20));
      expect(file('first.scope', 'memory.swap.max')).toBe('0');
      expect(file('first.scope', 'cpu.max')).toBe('50000 100000');
      expect(file('first.scope', 'cpuset.cpus')).toBe('0');
      expect(scope.group.processes()).toHaveLength(1);
      expect(scope.group.stats(['pids']).pids?.current).toBe(1n);
      await scope.update({ pids: 'max', cpu: { shares: 512 } });
      expect(file('first.scope', 'pids.max')).toBe('max');
      expect(file('first.scope', 'cpu.weight')).toBe('59');
      await scope.stop();
      expect(isThere('first.scope')).toBe(false);
      await ended;
      // It is gone already.
      await scope.stop();
      await expect(scope.update({ pids: 3 })).rejects.toMatchObject({ code: 'ENOENT' });
    },
    TIMEOUT_MS,
  );

  test(
    'leaving the scope ends a process that does not want to end',
    async () => {
      const { scope, ended } = await scopeOf('second.scope', { delegate: true });
      {
        await using _scope = scope;
        expect(file('second.scope', 'cgroup.controllers')).toContain('memory');
      }
      await ended;
      expect(isThere('second.scope')).toBe(false);
    },
    TIMEOUT_MS,
  );

  test(
    'a name that is taken, and a process that is not there, are refused by systemd with its reason',
    async () => {
      const { scope } = await scopeOf('third.scope', {});
      await using _scope = scope;
      const { pid, child } = await systemd.start(['true']);
      await expect(createScope(bus, 'third.scope', { pids: [pid], facts: systemd.facts })).rejects.toMatchObject({
        code: 'EEXIST',
      });
      if (child.exitCode === null) await once(child, 'exit');
      await expect(createScope(bus, 'none.scope', { pids: [pid], facts: systemd.facts })).rejects.toMatchObject({
        code: 'ESRCH',
      });
      await expect(createScope(bus, 'bad name', { pids: [pid], facts: systemd.facts })).rejects.toMatchObject({
        code: 'EINVAL',
      });
    },
    TIMEOUT_MS,
  );

  managedTests(() => systemd, { version: 2 });
});

test('where there is no bus the error says so', async () => {
  await expect(openBus('unix:path=/no/such/socket')).rejects.toMatchObject({
    code: 'ENOENT',
    path: 'unix:path=/no/such/socket',
  });
});
