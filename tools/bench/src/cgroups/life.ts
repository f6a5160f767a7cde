import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Group } from '@coracle/cgroups';
import { CgroupV1 } from '@coracle/cgroups-v1';
import { CgroupV2 } from '@coracle/cgroups-v2';
import { type Ground, makeDirectories } from './ground.ts';
import type { Peer } from './peer.ts';
import { timeInTurn } from './time.ts';

/** What one group takes, in milliseconds, by who does it; why not, where one cannot. */
export interface Times {
  work: string;
  groups: number;
  by: Map<string, number | string>;
}

/** A runtime takes tens of milliseconds for each: so many are enough beside any number of groups. */
const OF_PEERS = 5;

/** The builtins of a shell, and mkdir and rmdir once for all groups: it is not to be measured how slowly it starts programs. */
const LIFE_IN_SHELL = `
top=$1 count=$2 pid=$3
set --; i=0; while [ $i -lt $count ]; do set -- "$@" "$top/s$i"; i=$((i+1)); done
printf '%s\\n' "$@" | xargs mkdir
for group; do echo 20 > $group/pids.max; echo $pid > $group/cgroup.procs; done
echo $pid > $top/rest/cgroup.procs
printf '%s\\n' "$@" | xargs rmdir
`;
const UPDATE_IN_SHELL =
  'top=$1 count=$2; i=0; while [ $i -lt $count ]; do echo 21 > $top/g$i/pids.max; i=$((i+1)); done';

/**
 * Makes groups, limits their processes, puts a process in and removes them; and changes the limit of as many that stand. Peers do it
 * for a few containers while the others stand.
 */
export async function measureLife(
  ground: Ground,
  { counts, rounds, peers }: { counts: readonly number[]; rounds: number; peers: readonly Peer[] },
): Promise<Times[]> {
  const top = ground.v1?.pids ?? ground.v2 ?? '';
  const sleeper = spawn('sleep', ['100000'], { stdio: 'ignore' });
  const ended = once(sleeper, 'exit');
  const pid = Number(sleeper.pid);
  makeDirectories([`${top}/rest`]);
  const rest = openGroup(`${top}/rest`);
  const results: Times[] = [];
  try {
    for (const count of counts) {
      const each = (times: Map<string, number | string>): Map<string, number | string> => perGroup(times, count);
      const life = await timeInTurn(
        {
          ours: async () => {
            const groups = names(count).map((name) => createGroup(top, name));
            for (const group of groups) group.add(pid);
            rest.add(pid);
            for (const group of groups) await group.delete();
          },
          shell: () => inShell(LIFE_IN_SHELL, top, count, pid),
        },
        rounds,
      );
      const standing = names(count).map((name) => createGroup(top, name));
      try {
        const update = await timeInTurn(
          {
            ours: () => {
              for (const group of standing) group.update({ pids: 21 });
            },
            shell: () => inShell(UPDATE_IN_SHELL, top, count, pid),
          },
          rounds,
        );
        const ofPeers = await measurePeers(peers);
        results.push({ work: 'create, limit, add, delete', groups: count, by: join(each(life), ofPeers, 'life') });
        results.push({ work: 'change a limit', groups: count, by: join(each(update), ofPeers, 'update') });
      } finally {
        for (const group of standing) await group.delete();
      }
    }
    return results;
  } finally {
    sleeper.kill('SIGKILL');
    await ended;
  }
}

async function measurePeers(peers: readonly Peer[]): Promise<Map<string, number | string>> {
  const results = new Map<string, number | string>();
  for (const peer of peers) {
    const life = await timeInTurn({ [peer.name]: () => peer.delete(peer.create()) }, OF_PEERS);
    results.set(`life ${peer.name}`, life.get(peer.name) ?? '');
    if (typeof life.get(peer.name) === 'string') {
      results.set(`update ${peer.name}`, life.get(peer.name) ?? '');
      continue;
    }
    const id = peer.create();
    try {
      const update = await timeInTurn({ [peer.name]: () => peer.update(id) }, OF_PEERS);
      results.set(`update ${peer.name}`, update.get(peer.name) ?? '');
    } finally {
      peer.delete(id);
    }
  }
  return results;
}

function join(
  own: Map<string, number | string>,
  ofPeers: Map<string, number | string>,
  work: string,
): Map<string, number | string> {
  const theirs = [...ofPeers].filter(([name]) => name.startsWith(`${work} `));
  return new Map([...own, ...theirs.map(([name, time]) => [name.slice(work.length + 1), time] as const)]);
}

/** Of all groups to one. */
export function perGroup(times: Map<string, number | string>, count: number): Map<string, number | string> {
  return new Map([...times].map(([name, time]) => [name, typeof time === 'number' ? time / count : time]));
}

/** Names of groups: `g0`, `g1` and so on. */
export function names(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `g${index}`);
}

function createGroup(top: string, name: string): Group {
  return top.includes('/pids')
    ? CgroupV1.create({ pids: `${top}/${name}` }, { pids: 20 })
    : CgroupV2.create({ parent: top, name }, { pids: 20 });
}

function openGroup(directory: string): Group {
  return directory.includes('/pids') ? CgroupV1.open({ pids: directory }) : CgroupV2.open(directory);
}

function inShell(script: string, top: string, count: number, pid: number): void {
  execFileSync('sh', ['-c', script, 'sh', top, String(count), String(pid)]);
}
