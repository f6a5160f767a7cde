import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Limits, Resource } from '@coracle/cgroups-core';
import { type ConformanceDriver, conformanceTests } from '@coracle/cgroups-core/testing';
import { isErrno } from '@coracle/errors';
import { describe, expect, jest, test } from '@jest/globals';
import { CgroupV1, CONTROLLERS, type Controller, directoriesOf, type Place } from '../src/index.ts';

const CONTROLLER_OF: Record<Resource, Controller> = { pids: 'pids', memory: 'memory', cpus: 'cpu' };
const place = ownPlace(`coracle-test-${process.pid}`);

const home = CgroupV1.open(ownPlace(''));

const driver: ConformanceDriver = {
  create: (limits) => CgroupV1.create(place, limits),
  directories: directoriesOf(place),
  createBelow: (name) => CgroupV1.create(below(place, name)),
  goHome: () => home.add(process.pid),
  canFreeze: place.freezer !== undefined,
  limits(): Required<Limits> {
    const memory = BigInt(read('memory', 'memory.limit_in_bytes'));
    const pids = read('pids', 'pids.max');
    const quota = Number(read('cpu', 'cpu.cfs_quota_us'));
    return {
      pids: pids === 'max' ? 'max' : Number(pids),
      // No limit is the largest whole number of pages there is.
      memory: memory > 2n ** 60n ? 'max' : memory,
      cpus: quota < 0 ? 'max' : quota / Number(read('cpu', 'cpu.cfs_period_us')),
    };
  },
};

const needPids = place.pids === undefined ? ['pids'] : [];
const needFreezer = place.freezer === undefined ? ['freezer'] : [];

describe('a group of version 1', () => {
  for (const { title, needs, body } of conformanceTests(driver)) {
    const missing = needs.map((resource) => CONTROLLER_OF[resource]).filter((one) => place[one] === undefined);
    testOn(title, missing, body);
  }

  testOn('without a freezer processes are killed all the same', needPids, async () => {
    await using group = CgroupV1.create({ pids: `${place.pids}` });
    const sleeper = spawn('sleep', ['1000'], { stdio: 'ignore' });
    const ended = once(sleeper, 'exit');
    group.add(Number(sleeper.pid));
    expect(group.processes()).toEqual([sleeper.pid]);
    await group.killAll();
    expect(await ended).toEqual([null, 'SIGKILL']);
    await group.delete();
    expect(existsSync(`${place.pids}`)).toBe(false);
  });

  // What a machine without the controller freezer, or without that of pids too, has against a bomb.
  for (const controller of ['pids', 'cpuacct'] as const) {
    const missing = (['pids', controller] as const).filter((one) => place[one] === undefined);
    testOn(`killAll with the controller ${controller} alone wins against a bomb`, missing, async () => {
      await using fence = CgroupV1.create({ pids: `${place.pids}` }, { pids: 100 });
      await using group = CgroupV1.create({
        [controller]: `${place[controller]}${controller === 'pids' ? '/box' : ''}`,
      });
      const bomb = spawn('perl', ['-e', '<STDIN>; while (1) { fork }'], { stdio: ['pipe', 'ignore', 'ignore'] });
      const ended = once(bomb, 'exit');
      fence.add(Number(bomb.pid));
      group.add(Number(bomb.pid));
      bomb.stdin.write('\n');
      while ((fence.stats(['pids']).pids?.current ?? 0n) < 90n) await sleep(5);
      await group.killAll();
      expect(group.processes()).toEqual([]);
      expect(await ended).toEqual([null, 'SIGKILL']);
      if (controller === 'pids') expect(readFileSync(`${place.pids}/box/pids.max`, 'utf8')).toBe('max\n');
    });
  }

  testOn('killAll from inside the group is refused: it would freeze its own caller for ever', needPids, async () => {
    await using group = CgroupV1.create({ pids: `${place.pids}` });
    group.add(process.pid);
    try {
      await expect(group.killAll()).rejects.toMatchObject({ code: 'EDEADLK', path: place.pids });
      expect(group.processes()).toContain(process.pid);
    } finally {
      home.add(process.pid);
    }
    expect(group.processes()).toEqual([]);
  });

  testOn('what may not be killed does not stay frozen', needFreezer, async () => {
    await using group = CgroupV1.create({ freezer: `${place.freezer}` });
    const sleeper = spawn('sleep', ['1000'], { stdio: 'ignore' });
    const ended = once(sleeper, 'exit');
    group.add(Number(sleeper.pid));
    const refusing = jest.spyOn(process, 'kill').mockImplementation(() => {
      throw Object.assign(new Error('not yours'), { code: 'EPERM' });
    });
    await expect(group.killAll()).rejects.toMatchObject({ code: 'EPERM' });
    refusing.mockRestore();
    expect(read('freezer', 'freezer.state')).toBe('THAWED');
    await group.killAll();
    expect(await ended).toEqual([null, 'SIGKILL']);
  });

  testOn('add of a process names the hierarchy that is gone', needPids, () => {
    const gone = CgroupV1.open({ pids: `${place.pids}-never-made` });
    expect(() => gone.add(process.pid)).toThrow(
      expect.objectContaining({ code: 'ENOENT', message: expect.stringContaining(`there is no group ${place.pids}`) }),
    );
  });
});

/** A test that says which controllers it lacks when it is skipped. */
function testOn(title: string, missing: readonly string[], body: () => void | Promise<void>): void {
  if (directoriesOf(place).length === 0) test.skip(`${title} (skipped: needs cgroup v1, mounted and writable)`, body);
  else if (missing.length > 0) test.skip(`${title} (skipped: needs the v1 controller ${missing.join(', ')})`, body);
  else test(title, body, 90_000);
}

function read(controller: Controller, file: string): string {
  const directory = place[controller];
  // Only tests that need the resource look at its limit.
  return directory === undefined ? '0' : readFileSync(join(directory, file), 'utf8').trim();
}

/** Below this process's own group in each hierarchy that it may change; read here without the package that detects. */
function ownPlace(name: string): Place {
  const own: Partial<Record<Controller, string>> = {};
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' '));
  for (const line of readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n')) {
    const [, names = '', path = ''] = line.split(':');
    for (const controller of CONTROLLERS.filter((one) => names.split(',').includes(one))) {
      const mount = mounts.find(
        (fields) => fields.includes('cgroup') && fields.at(-1)?.split(',').includes(controller),
      );
      const directory = join(mount?.[4] ?? '/nowhere', path);
      if (isWritable(directory)) own[controller] = join(directory, name);
    }
  }
  return own;
}

function below(above: Place, name: string): Place {
  return Object.fromEntries(
    Object.entries(above).map(([controller, directory]) => [controller, `${directory}/${name}`]),
  );
}

function isWritable(directory: string): boolean {
  try {
    accessSync(join(directory, 'cgroup.procs'), constants.W_OK);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EACCES', 'EROFS')) return false;
    throw error;
  }
}
