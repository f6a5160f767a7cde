import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { needs } from '@coracle/test-support';
import { describe, expect, test } from '@jest/globals';
import { allGroups, detect, plan } from '../../src/index.ts';
import { createManaged, openManaged } from '../../src/systemd/index.ts';

const name = `coracle-test-managed-${process.pid}`;
const limits = {
  what: 'limits of pids',
  met: detect().resources.pids.version !== undefined && plan({ name }) !== undefined,
};

describe('a group that is kept by its files, with the interface of one that systemd keeps', () => {
  needs.test(limits)('is made, filled, changed, counted and removed', async () => {
    const box = await createManaged(name, { pids: 20 }, { manager: 'files' });
    expect(box).toMatchObject({ manager: 'files', unit: undefined, leftOut: [] });
    const [command, ...args] = box.commandInside(['sleep', '1000']);
    const child = spawn(command, args, { stdio: 'ignore' });
    const ended = once(child, 'exit');
    await box.add(Number(child.pid));
    expect(box.processes()).toEqual([child.pid]);
    expect(await box.update({ pids: 30 })).toEqual([]);
    expect(box.stats(['pids']).pids).toMatchObject({ limit: 30n });
    await box.killAll();
    expect(await ended).toEqual([null, 'SIGKILL']);
    await box.delete();
    expect(box.directories.filter(existsSync)).toEqual([]);
  });

  needs.test(limits)('is taken up by its path', async () => {
    await using box = await createManaged(name, { pids: 20 }, { manager: 'files' });
    const { path = '' } =
      [...allGroups()].find((one) => one.directories.some((at) => box.directories.includes(at))) ?? {};
    const same = await openManaged(path, { manager: 'files' });
    await same.update({ pids: 7 });
    expect(box.stats(['pids']).pids?.limit).toBe(7n);
  });

  test('what is not there is named, and only a unit can be left to systemd', async () => {
    await expect(openManaged('/no/such/group')).rejects.toMatchObject({ code: 'ENOENT', path: '/no/such/group' });
    await expect(openManaged('/', { manager: 'systemd' })).rejects.toMatchObject({ code: 'EINVAL', path: '/' });
  });
});
