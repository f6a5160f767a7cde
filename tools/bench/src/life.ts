// What it costs to make a group, limit it, put a process into it and remove it, with more and more groups beside it; and the
// same in a shell without any program of its own. Makes groups of its own, and removes them.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { detect } from '@coracle/cgroups';
import { removeGroup } from '@coracle/cgroups-core';
import { CgroupV1 } from '@coracle/cgroups-v1';
import { CgroupV2 } from '@coracle/cgroups-v2';
import { summarize } from './statistics.ts';

const { values } = parseArgs({
  options: { groups: { type: 'string', default: '1,100,10000' }, runs: { type: 'string', default: '5' } },
});

/** The group that all others are made in: one directory on either version, so that a shell can do the same. */
function findHome(): { home: string; create(directory: string): CgroupV1 | CgroupV2 } {
  const { v1, v2 } = detect();
  if (v1.pids !== undefined) return { home: v1.pids, create: (pids) => CgroupV1.create({ pids }, { pids: 20 }) };
  if (!v2?.controllers.includes('pids')) throw new Error('no group with a limit of processes can be made here');
  return {
    home: v2.parent,
    create: (directory) => {
      const at = directory.lastIndexOf('/');
      return CgroupV2.create({ parent: directory.slice(0, at), name: directory.slice(at + 1) }, { pids: 20 });
    },
  };
}

/** The builtins of a shell, and mkdir and rmdir once for all groups: it is not to be measured how slowly it starts programs. */
const IN_SHELL = `
top=$1 count=$2 pid=$3
set --; i=0; while [ $i -lt $count ]; do set -- "$@" "$top/s$i"; i=$((i+1)); done
printf '%s\\n' "$@" | xargs mkdir
for group; do echo 20 > $group/pids.max; echo $pid > $group/cgroup.procs; done
echo $pid > $top/rest/cgroup.procs
printf '%s\\n' "$@" | xargs rmdir
`;

async function inLibrary(top: string, count: number, pid: number): Promise<void> {
  const groups = Array.from({ length: count }, (_, index) => create(`${top}/g${index}`));
  for (const group of groups) group.add(pid);
  rest.add(pid);
  for (const group of groups) await group.delete();
}

async function time(once: () => Promise<void> | void): Promise<number> {
  const began = process.hrtime.bigint();
  await once();
  return Number(process.hrtime.bigint() - began) / 1e6;
}

const { home, create } = findHome();
const top = `${home}/coracle-bench-${process.pid}`;
const sleeper = spawn('sleep', ['100000'], { stdio: 'ignore' });
const ended = once(sleeper, 'exit');
const pid = Number(sleeper.pid);
create(top);
const rest = create(`${top}/rest`);
try {
  console.log(' groups  ours: us for each    / shell');
  for (const count of values.groups.split(',').map(Number)) {
    const [ours, shell]: [number[], number[]] = [[], []];
    // In turn, so that a machine that grows slower does so for both; the first round warms up.
    for (let round = 0; round <= Number(values.runs); round++) {
      const one = await time(() => inLibrary(top, count, pid));
      const other = await time(() => {
        execFileSync('sh', ['-c', IN_SHELL, 'sh', top, String(count), String(pid)]);
      });
      if (round > 0) {
        ours.push(one);
        shell.push(other);
      }
    }
    const [mine, its] = [summarize(ours).median, summarize(shell).median];
    console.log(
      `${String(count).padStart(7)}  ${((mine * 1000) / count).toFixed(0).padStart(17)}  ${(mine / its).toFixed(2).padStart(9)}`,
    );
  }
} finally {
  sleeper.kill('SIGKILL');
  await ended;
  await removeGroup(top);
}
