import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StatsName } from '@coracle/cgroups';
import { CgroupV1, type Place, statFiles as statFilesV1 } from '@coracle/cgroups-v1';
import { CgroupV2, statFiles as statFilesV2 } from '@coracle/cgroups-v2';
import { type Ground, makeDirectories } from './ground.ts';
import { names, perGroup, type Times } from './life.ts';
import type { Peer } from './peer.ts';
import { timeInTurn } from './time.ts';

/** What a live table shows. */
const SHOWN: StatsName[] = ['cpu.usageNanoseconds', 'memory.workingSetBytes', 'pids.current', 'io'];
const OF_PEERS = 5;

/**
 * Takes a snapshot of each of some groups, of what a live table shows and of everything; a shell has one `cat` read the same files
 * and understands none of them, and a runtime is called for a container.
 */
export async function measureStats(
  ground: Ground,
  { counts, rounds, peers }: { counts: readonly number[]; rounds: number; peers: readonly Peer[] },
): Promise<Times[]> {
  const results: Times[] = [];
  for (const count of counts) {
    makeDirectories(names(count).flatMap((name) => ground.directories(name)));
    const ofPeers = await statsOfPeers(peers);
    for (const wanted of [SHOWN, 'all'] as const) {
      const groups = names(count).map((name) => look(ground, name, wanted === 'all' ? 'all' : SHOWN));
      const input = `${groups.flatMap(({ files }) => files).join('\n')}\n`;
      const times = await timeInTurn(
        {
          ours: () => {
            for (const { stats } of groups) stats();
          },
          // The files of controllers that the groups lack do not exist; that is an error to cat, and none here.
          shell: () => {
            spawnSync('xargs', ['cat'], { input, stdio: ['pipe', 'ignore', 'ignore'] });
          },
        },
        rounds,
      );
      const by = new Map([...perGroup(times, count), ...ofPeers]);
      results.push({ work: wanted === 'all' ? 'read all numbers' : 'read a table’s numbers', groups: count, by });
    }
  }
  return results;
}

async function statsOfPeers(peers: readonly Peer[]): Promise<Map<string, number | string>> {
  const results = new Map<string, number | string>();
  for (const peer of peers) {
    try {
      const id = peer.create();
      try {
        const times = await timeInTurn({ [peer.name]: () => peer.stats(id) }, OF_PEERS);
        results.set(peer.name, times.get(peer.name) ?? '');
      } finally {
        peer.delete(id);
      }
    } catch (error) {
      results.set(peer.name, String(error).split('\n')[0] ?? '');
    }
  }
  return results;
}

/** What a loop takes of one processor that looks at groups once a second. @returns a share, 1 for a whole processor */
export async function measureLoop(
  ground: Ground,
  { count, seconds }: { count: number; seconds: number },
): Promise<{ shown: number; everything: number }> {
  makeDirectories(names(count).flatMap((name) => ground.directories(name)));
  const shareOf = async (wanted: StatsName[] | 'all'): Promise<number> => {
    const groups = names(count).map((name) => look(ground, name, wanted));
    for (const { stats } of groups) stats();
    const [began, used] = [process.hrtime.bigint(), process.cpuUsage()];
    for (let round = 1; round <= seconds; round++) {
      for (const { stats } of groups) stats();
      await sleep(Math.max(0, round * 1000 - Number(process.hrtime.bigint() - began) / 1e6));
    }
    const { user, system } = process.cpuUsage(used);
    return ((user + system) * 1000) / Number(process.hrtime.bigint() - began);
  };
  return { shown: await shareOf(SHOWN), everything: await shareOf('all') };
}

function look({ v1, v2 }: Ground, name: string, wanted: StatsName[] | 'all'): { stats(): void; files: string[] } {
  if (v1) {
    const place: Place = Object.fromEntries(
      Object.entries(v1).map(([one, directory]) => [one, `${directory}/${name}`]),
    );
    const group = CgroupV1.open(place);
    return { stats: () => void group.stats(wanted), files: statFilesV1(place, wanted) };
  }
  const group = CgroupV2.open(`${v2}/${name}`);
  return { stats: () => void group.stats(wanted), files: statFilesV2(`${v2}/${name}`, wanted) };
}
