import { existsSync, readFileSync } from 'node:fs';
import { type Limits, type Resource, runOperations } from '@coracle/cgroups-core';
import { type ConformanceDriver, conformanceTests } from '@coracle/cgroups-core/testing';
import { CgroupV1, directoriesOf, planCreate as planV1 } from '@coracle/cgroups-v1';
import { CgroupV2, planCreate as planV2 } from '@coracle/cgroups-v2';
import { describe, expect, test } from '@jest/globals';
import { theseFacts } from '../src/facts.ts';
import { ownGroups } from '../src/hierarchy.ts';
import { create, detectAll } from '../src/index.ts';
import { PlacedGroup } from '../src/placed-group.ts';
import { placeBelow } from '../src/plan.ts';

const machine = detectAll();
const name = `coracle-test-hybrid-${process.pid}`;
const place = placeBelow(machine.v1, name);
const inV2 = `${machine.v2?.parent}/${name}`;
const homes = ownGroups(theseFacts());
const isHybrid = machine.version === 'hybrid' && machine.v2 !== undefined && directoriesOf(place).length > 0;

// The limits are all on version 1, as on every machine of this kind; version 2 takes part in the life of the group.
const driver: ConformanceDriver = {
  create(limits: Limits = {}) {
    const plans = [planV1(place, limits), planV2({ parent: `${machine.v2?.parent}`, name })];
    runOperations(plans.flatMap((one) => one.create));
    return new PlacedGroup({ v1: CgroupV1.open(place), v2: CgroupV2.open(inV2), machine: () => machine });
  },
  directories: [...directoriesOf(place), inV2],
  createBelow(below) {
    const placeOfIt = placeBelow(place, below);
    runOperations([...planV1(placeOfIt).create, ...planV2({ parent: inV2, name: below }).create]);
    return new PlacedGroup({
      v1: CgroupV1.open(placeOfIt),
      v2: CgroupV2.open(`${inV2}/${below}`),
      machine: () => machine,
    });
  },
  goHome() {
    CgroupV1.open(homes.v1).add(process.pid);
    if (homes.v2) CgroupV2.open(homes.v2.directory).add(process.pid);
  },
  canFreeze: true,
  limits(): Required<Limits> {
    const memory = BigInt(read(place.memory, 'memory.limit_in_bytes'));
    const pids = read(place.pids, 'pids.max');
    const quota = Number(read(place.cpu, 'cpu.cfs_quota_us'));
    return {
      pids: pids === 'max' ? 'max' : Number(pids),
      // No limit is the largest whole number of pages there is.
      memory: memory > 2n ** 60n ? 'max' : memory,
      cpus: quota < 0 ? 'max' : quota / Number(read(place.cpu, 'cpu.cfs_period_us')),
    };
  },
};

describe('a group in both versions', () => {
  for (const { title, needs, body } of conformanceTests(driver)) testOn(title, needs, body);

  testOn('what version 2 refuses leaves nothing behind in version 1', ['pids'], () => {
    // This machine's version 2 has no controller for processors: its own answer is what counts here.
    const claimed = { ...machine, controllers: { ...machine.controllers, cpu: { version: 'v2' as const } } };
    expect(() => create(name, { pids: 20, cpus: 1 }, { machine: claimed })).toThrow(
      expect.objectContaining({ path: `${machine.v2?.parent}/cgroup.subtree_control`, suppressed: [] }),
    );
    expect(driver.directories.filter(existsSync)).toEqual([]);
  });

  testOn('what version 2 refuses of a change is put back in version 1', ['pids'], async () => {
    await using made = driver.create({ pids: 20 });
    const claimed = { ...machine, controllers: { ...machine.controllers, cpu: { version: 'v2' as const } } };
    const group = new PlacedGroup({ v1: CgroupV1.open(place), v2: CgroupV2.open(inV2), machine: () => claimed });
    expect(() => group.update({ pids: 7, cpus: 1 })).toThrow(
      expect.objectContaining({
        path: `${inV2}/cpu.max`,
        detail: expect.stringContaining('put back as before: pids.max'),
        suppressed: [],
      }),
    );
    expect(made.stats(['pids']).pids?.limit).toBe(20n);
  });
});

/** A test that says what the machine lacks when it is skipped. */
function testOn(title: string, needs: readonly Resource[], body: () => void | Promise<void>): void {
  const missing = needs.filter((resource) => machine.resources[resource].version !== 'v1');
  if (!isHybrid) test.skip(`${title} (skipped: needs cgroup v1, mounted and writable, and v2 beside it)`, body);
  else if (missing.length > 0) test.skip(`${title} (skipped: needs the v1 controller for ${missing.join(', ')})`, body);
  else test(title, body, 90_000);
}

function read(directory: string | undefined, file: string): string {
  // Only tests that need the resource look at its limit.
  return directory === undefined ? '0' : readFileSync(`${directory}/${file}`, 'utf8').trim();
}
