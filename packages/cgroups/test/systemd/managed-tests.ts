import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { type OwnSystemd, until } from '@coracle/test-support';
import { expect, test } from '@jest/globals';
import { createManaged, type ManagedOptions, openManaged } from '../../src/systemd/index.ts';

const TIMEOUT_MS = 150_000;

/** What a group is where systemd keeps it, on either version. */
export function managedTests(get: () => OwnSystemd, { version }: { version: 1 | 2 }): void {
  const options = (): ManagedOptions => ({ manager: 'systemd', bus: get().address, facts: get().facts });
  const isThere = (path: string): boolean => get().directories.some((one) => existsSync(`${one}/${path}`));
  const file = (v1: string, v2: string): string => (version === 1 ? v1 : v2);

  test(
    'a group is a slice that has its limits before its processes, which are added, counted, and ended',
    async () => {
      const { start, read } = get();
      const resources = { pids: 20, memory: '64m', cpus: 0.5 };
      const box = await createManaged('test/box-1', resources, options());
      expect(box).toMatchObject({ manager: 'systemd', unit: 'test-box\\x2d1.slice', leftOut: [] });
      const path = `test.slice/${box.unit}`;
      expect(read(`${path}/pids.max`)).toBe('20');
      expect(read(`${path}/${file('memory.limit_in_bytes', 'memory.max')}`)).toBe(String(64 << 20));
      expect(read(`${path}/${file('cpu.cfs_quota_us', 'cpu.max')}`)).toMatch(/^50000/);
      const { pid, child } = await start(['sleep', '1000']);
      const ended = once(child, 'exit');
      await box.add(pid);
      expect(box.processes()).toHaveLength(1);
      expect(box.stats(['pids']).pids).toMatchObject({ current: 1n, limit: 20n });
      expect(await box.update({ pids: 'max', cpu: { shares: 512 } })).toEqual([]);
      expect(read(`${path}/pids.max`)).toBe('max');
      expect(read(`${path}/${file('cpu.shares', 'cpu.weight')}`)).toBe(file('512', '59'));
      await expect(box.delete()).rejects.toMatchObject({ code: 'EBUSY', path: box.unit });
      await box.killAll();
      await ended;
      await expect(box.add(pid)).rejects.toMatchObject({ code: 'ESRCH' });
      await box.delete();
      expect(isThere(path)).toBe(false);
      // It is gone already.
      await box.delete();
      await expect(box.update({ pids: 3 })).rejects.toMatchObject({ code: 'ENOENT' });
      await expect(box.add(pid)).rejects.toMatchObject({ code: 'ENOENT' });
      expect(isThere(path)).toBe(false);
    },
    TIMEOUT_MS,
  );

  test(
    'a command begins inside, and leaving the scope of the group ends it',
    async () => {
      let ended: Promise<unknown>;
      {
        await using box = await createManaged('inside', { pids: 20 }, options());
        const { child } = await get().start(box.commandInside(['sleep', '1000']));
        ended = once(child, 'exit');
        await until(() => box.processes().length === 1, 'the command to begin in the group');
      }
      expect(await ended).toEqual([null, 'SIGKILL']);
      expect(isThere('inside.slice')).toBe(false);
    },
    TIMEOUT_MS,
  );

  test(
    'a unit that is there is no group to make, but one to take up: its limits are changed through systemd',
    async () => {
      await using box = await createManaged('taken', { pids: 20 }, options());
      await expect(createManaged('taken', {}, options())).rejects.toMatchObject({
        code: 'EEXIST',
        hint: expect.stringContaining('openManaged()'),
      });
      const same = await openManaged('/taken.slice', options());
      expect(same).toMatchObject({ manager: 'systemd', unit: box.unit });
      await same.update({ pids: 7 });
      expect(get().read('taken.slice/pids.max')).toBe('7');
      await expect(openManaged('/no-such.slice', options())).rejects.toMatchObject({ code: 'ENOENT' });
    },
    TIMEOUT_MS,
  );

  test(
    'who keeps the groups is systemd where it is process 1, if the caller says nothing else',
    async () => {
      const isBooted = existsSync('/run/systemd/system');
      const { manager: _, ...auto } = options();
      if (!isBooted) {
        await using box = await createManaged('auto', {}, auto);
        expect(box.manager).toBe('files');
        mkdirSync('/run/systemd/system', { recursive: true });
      }
      try {
        await using box = await createManaged('auto', {}, auto);
        expect(box.manager).toBe('systemd');
        await using other = await createManaged(`auto-${process.pid}`, {}, { manager: 'files' });
        expect(other).toMatchObject({ manager: 'files', unit: undefined });
      } finally {
        if (!isBooted) rmSync('/run/systemd', { recursive: true });
      }
    },
    TIMEOUT_MS,
  );
}
