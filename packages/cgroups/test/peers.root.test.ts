import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { type Group, type Resources as Ours, removeGroup } from '@coracle/cgroups-core';
import { CgroupV1, directoriesOf, type Place } from '@coracle/cgroups-v1';
import { CgroupV2 } from '@coracle/cgroups-v2';
import type { Resources } from '@coracle/oci-spec';
import { needs } from '@coracle/test-support';
import { describe, expect } from '@jest/globals';
import { fromOci } from '../src/index.ts';
import { Dice, type Ground, generateResources } from './peers/generate.ts';
import { Peer } from './peers/peer.ts';
import { readSettings } from './peers/settings.ts';

// Peers make the groups of a path from the top of each hierarchy on: so do these tests.
const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
  .split('\n')
  .map((line) => line.split(' '));
const isV2 = !mounts.some((fields) => fields.includes('cgroup'));
const CONTROLLERS = ['cpu', 'cpuset', 'memory', 'blkio', 'pids'] as const;
const EMULATED = readFileSync('/proc/cpuinfo', 'utf8').includes('QEMU');
/**
 * How many blocks, if there is time for them; a peer takes some tenths of a second for each, ten times as long under emulation. Who
 * has more time says how many in CORACLE_PEER_BLOCKS. The virtual machine ends after half an hour, which is enough for some 150: for
 * more, run it again with others, from a seed in CORACLE_PEER_SEED.
 */
const ASKED = process.env['CORACLE_PEER_BLOCKS'];
const SEED = process.env['CORACLE_PEER_SEED'];
const BLOCKS = ASKED === undefined ? (EMULATED ? 8 : 50) : Number(ASKED);
const LEAST_BLOCKS = ASKED === undefined ? 5 : BLOCKS;
const TIME_MS = ASKED === undefined ? 120_000 : Number.POSITIVE_INFINITY;
const TIMEOUT_MS = ASKED === undefined ? 900_000 : 2 ** 31 - 1;

const oci = (resources: Resources): Ours => fromOci(resources).resources;

describe.each([
  ['runc', { knows: { burst: false, idle: false }, completed: (update: Resources) => update, seed: 20_240_611 }],
  ['crun', { knows: { burst: true, idle: true }, completed: forCrun, seed: 31_337 }],
])('for the same OCI resources as %s', (name, { knows, completed, seed }) => {
  const ground: Ground = { disk: someDisk(), hugePages: someHugePages(), version: isV2 ? 2 : 1, knows };
  const withPeer = needs.test(needs.root, needs.program(name), ...(name === 'crun' ? [crunTakes()] : []));

  withPeer(
    `a new group has the same settings, and after an update too (up to ${BLOCKS} blocks)`,
    async () => {
      using peer = new Peer(name);
      const dice = new Dice(SEED === undefined ? seed : Number(SEED));
      const outcomes: Outcome[] = [];
      const deadline = Date.now() + TIME_MS;
      for (let index = 0; index < BLOCKS && (index < LEAST_BLOCKS || Date.now() < deadline); index++) {
        const [created, update] = [generateResources(dice, ground), updateOf(dice, ground)];
        outcomes.push(...(await compare({ peer, index, created, updated: completed(update, created) })));
      }
      expect(outcomes.filter(({ differences }) => differences.length > 0)).toEqual([]);
      expect(outcomes.length).toBeGreaterThanOrEqual(LEAST_BLOCKS);
    },
    TIMEOUT_MS,
  );
});

/** What came of a block, or of two one after the other. */
interface Outcome {
  block: string;
  /** Files that are not the same, or what the peer said. */
  differences: readonly (string | { file: string; theirs: string | undefined; ours: string | undefined })[];
}

/** @returns the outcome of making a group and, where the peer can do the update, that of updating it */
async function compare({
  peer,
  index,
  created,
  updated,
}: {
  peer: Peer;
  index: number;
  created: Resources;
  updated: Resources;
}): Promise<Outcome[]> {
  const [theirs, ours] = [`coracle-test-${process.pid}-theirs-${index}`, `coracle-test-${process.pid}-ours-${index}`];
  const block = JSON.stringify(created);
  const failure = peer.create(theirs, `/${theirs}`, created);
  try {
    if (failure !== undefined) return [{ block, differences: [failure] }];
    await using group = make(ours, created);
    const first = { block, differences: differencesOf(directoriesAt(theirs), group, created.cpu?.shares) };
    // The kernel takes no quota below the burst, of which a peer that passes over it knows nothing.
    if (Number(updated.cpu?.quota) < (created.cpu?.burst ?? 0)) return [first];
    if (peer.update(theirs, updated) !== undefined) return [first];
    group.update(oci(updated));
    const shares = updated.cpu?.shares ?? created.cpu?.shares;
    const both = `${block} then ${JSON.stringify(updated)}`;
    return [first, { block: both, differences: differencesOf(directoriesAt(theirs), group, shares) }];
  } finally {
    peer.delete(theirs);
    // A peer that is late leaves groups behind, in every hierarchy.
    for (const directory of everywhere(theirs).filter(existsSync)) await removeGroup(directory);
  }
}

function make(name: string, resources: Resources): Group {
  return isV2
    ? CgroupV2.create({ parent: mountOf('cgroup2'), name }, oci(resources), {
        controllers: ['cpu', 'cpuset', 'memory', 'io', 'pids', 'hugetlb'],
      })
    : CgroupV1.create(placeOf(name), oci(resources));
}

/** What both runtimes can update. */
function updateOf(dice: Dice, ground: Ground): Resources {
  const { memory, cpu, pids } = generateResources(dice, { ...ground, knows: { burst: false, idle: false } });
  const { realtimePeriod: _, realtimeRuntime: __, ...time } = cpu ?? {};
  const { disableOOMKiller: ___, swappiness: ____, ...space } = memory ?? {};
  return {
    ...(memory ? { memory: space } : {}),
    ...(cpu ? { cpu: time } : {}),
    ...(pids ? { pids } : {}),
  };
}

/**
 * An update in which nothing is left to crun 1.8, which does otherwise than runc and we: on version 2 it puts the kernel's usual
 * period beside a quota that comes alone, and keeps the limit of swap where that of memory is lifted alone.
 */
function forCrun(update: Resources, { cpu: { period } = {} }: Resources): Resources {
  const { cpu, memory } = update;
  return {
    ...update,
    ...(cpu?.quota === undefined || period === undefined ? {} : { cpu: { period, ...cpu } }),
    ...(memory?.limit === -1 ? { memory: { swap: -1, ...memory } } : {}),
  };
}

function differencesOf(directories: readonly string[], group: Group, shares = 0): Outcome['differences'] {
  const [theirs, ours] = [readSettings(directories), readSettings(group.directories)];
  expect(Object.keys(ours).length).toBeGreaterThan(10);
  // Peers of before 2025 draw a straight line from shares to weights, which are shown in two files.
  const isOldWeight = theirs['cpu.weight'] === `${straightWeightOf(shares)}\n`;
  const isExcused = (file: string): boolean =>
    (isOldWeight && file.startsWith('cpu.weight')) ||
    // crun 1.8 passes over a burst.
    (file === 'cpu.max.burst' && theirs[file] === '0\n') ||
    // runc 1.1.5 and crun 1.8 limit huge pages in use, and none that are reserved.
    (/^hugetlb\..*\.rsvd\.max$/.test(file) && theirs[file] === 'max\n');
  return Object.keys({ ...theirs, ...ours })
    .filter((file) => theirs[file] !== ours[file] && !isExcused(file))
    .map((file) => ({ file, theirs: theirs[file], ours: ours[file] }));
}

function straightWeightOf(shares: number): number {
  return 1 + Math.floor(((shares - 2) * 9999) / 262_142);
}

function directoriesAt(name: string): string[] {
  return isV2 ? [`${mountOf('cgroup2')}/${name}`] : directoriesOf(placeOf(name));
}

function everywhere(name: string): string[] {
  return mounts
    .filter((fields) => fields.includes('cgroup') || fields.includes('cgroup2'))
    .map((fields) => `${fields[4]}/${name}`);
}

function placeOf(name: string): Place {
  return Object.fromEntries(CONTROLLERS.map((controller) => [controller, `${mountOf('cgroup', controller)}/${name}`]));
}

function mountOf(type: string, controller?: string): string {
  const mount = mounts.find(
    (fields) =>
      fields.includes(type) && (controller === undefined || fields.at(-1)?.split(',').includes(controller) === true),
  );
  return mount?.[4] ?? '/nowhere';
}

function someDisk(): Ground['disk'] {
  const [device] = readdirSync('/sys/block').filter((name) => /^(vd|sd|nvme|xvd)/.test(name));
  if (device === undefined) return undefined;
  const [major, minor] = readFileSync(`/sys/block/${device}/dev`, 'utf8').trim().split(':').map(Number);
  return { major: Number(major), minor: Number(minor) };
}

/** The smallest, where the controller is there; on version 1 nobody mounts it by itself. */
function someHugePages(): string | undefined {
  if (!isV2 || !readFileSync(`${mountOf('cgroup2')}/cgroup.controllers`, 'utf8').includes('hugetlb')) return undefined;
  return existsSync('/sys/kernel/mm/hugepages/hugepages-2048kB') ? '2MB' : undefined;
}

function crunTakes(): { what: string; met: boolean } {
  const isMixed = ['cgroup', 'cgroup2'].every((type) => mounts.some((fields) => fields.includes(type)));
  return { what: 'cgroups that crun takes', met: !isMixed };
}
