import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Limits, type Resource, readValue } from '@coracle/cgroups-core';
import { type ConformanceDriver, conformanceTests } from '@coracle/cgroups-core/testing';
import { isErrno } from '@coracle/errors';
import { describe, expect, test } from '@jest/globals';
import { CgroupV2, CONTROLLER_OF } from '../src/index.ts';

const parent = findParent();
const name = `coracle-test-${process.pid}`;
const directory = `${parent}/${name}`;
const controllers = (readValue(`${parent}/cgroup.controllers`) ?? '').trim().split(' ');

const home = CgroupV2.open(ownDirectory());

const driver: ConformanceDriver = {
  create: (limits) => CgroupV2.create({ parent: `${parent}`, name }, limits),
  directories: [directory],
  createBelow: (below) => CgroupV2.create({ parent: directory, name: below }),
  goHome: () => home.add(process.pid),
  canFreeze: true,
  limits(): Required<Limits> {
    const pids = read('pids.max');
    const memory = read('memory.max');
    const [quota, period] = read('cpu.max').split(' ');
    return {
      pids: pids === 'max' ? 'max' : Number(pids),
      memory: memory === 'max' ? 'max' : BigInt(memory),
      cpus: quota === 'max' ? 'max' : Number(quota) / Number(period),
    };
  },
};

describe('a group of version 2', () => {
  for (const { title, needs, body } of conformanceTests(driver)) testOn(title, needs, body);

  testOn('a path of names makes every group on the way, and all of them hand down', ['pids'], async () => {
    await using above = CgroupV2.open(directory);
    await using group = CgroupV2.create({ parent: `${parent}`, name: `${name}/a/box` }, { pids: 7 });
    expect(readValue(`${directory}/a/box/pids.max`)).toBe('7\n');
    expect(readValue(`${directory}/a/cgroup.subtree_control`)).toContain('pids');
    expect(group.directories).toEqual([`${directory}/a/box`]);
    await above.delete();
    expect(existsSync(directory)).toBe(false);
  });

  testOn('controllers for statistics are handed down although nothing is limited', ['memory'], async () => {
    await using group = CgroupV2.create({ parent: `${parent}`, name }, {}, { controllers: ['memory'] });
    expect(group.stats().memory?.currentBytes).toBeGreaterThanOrEqual(0n);
    expect(group.stats().cpu?.usageNanoseconds).toBe(0n);
  });

  testOn('a controller the machine has not is named, and nothing is left behind', [], () => {
    expect(() => CgroupV2.create({ parent: `${parent}`, name }, {}, { controllers: ['perf_none'] })).toThrow(
      expect.objectContaining({ path: `${parent}/cgroup.subtree_control`, detail: 'value "+perf_none"' }),
    );
    expect(existsSync(directory)).toBe(false);
  });

  testOn('killAll from inside the group is refused: it would end its own caller', [], async () => {
    await using group = CgroupV2.create({ parent: `${parent}`, name });
    group.add(process.pid);
    try {
      await expect(group.killAll()).rejects.toMatchObject({ code: 'EDEADLK', path: directory });
      expect(group.processes()).toEqual([process.pid]);
    } finally {
      home.add(process.pid);
    }
    expect(group.processes()).toEqual([]);
  });

  testOn('a limit whose controller is not handed down names the controller', [], async () => {
    await using group = CgroupV2.create({ parent: `${parent}`, name: `${name}-plain` });
    await using below = CgroupV2.create({ parent: `${group.directories[0]}`, name: 'below' });
    expect(() => below.update({ memory: 1n << 20n })).toThrow(
      expect.objectContaining({
        code: 'ENOENT',
        message: expect.stringContaining('controller memory is not available in'),
      }),
    );
  });
});

/** A test that says what it lacks when it is skipped. */
function testOn(title: string, needs: readonly Resource[], body: () => void | Promise<void>): void {
  const missing = needs.map((resource) => CONTROLLER_OF[resource]).filter((one) => !controllers.includes(one));
  if (parent === undefined) test.skip(`${title} (skipped: needs cgroup v2, mounted and writable)`, body);
  else if (missing.length > 0) test.skip(`${title} (skipped: needs the v2 controller ${missing.join(', ')})`, body);
  else test(title, body, 90_000);
}

function read(file: string): string {
  // Only tests that need the resource look at its limit.
  return (readValue(`${directory}/${file}`) ?? '0').trim();
}

/** The group that was delegated to this user, or else the top of the tree of version 2 when it may be changed. */
function findParent(): string | undefined {
  const delegated = process.env['CORACLE_DELEGATED_CGROUP'];
  if (delegated !== undefined) return delegated;
  const top = findMountPoint();
  return top !== undefined && isWritable(join(top, 'cgroup.procs')) ? top : undefined;
}

function findMountPoint(): string | undefined {
  const mount = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .find((line) => line.includes(' - cgroup2 '));
  return mount?.split(' ')[4];
}

/** Where this process lives, to go back to. */
function ownDirectory(): string {
  const line = readFileSync('/proc/self/cgroup', 'utf8')
    .split('\n')
    .find((one) => one.startsWith('0::'));
  return join(findMountPoint() ?? '/nowhere', line?.slice(3) ?? '');
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EACCES', 'EROFS')) return false;
    throw error;
  }
}
