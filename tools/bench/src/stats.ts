// What a snapshot of many groups costs, beside a cat of the same files. Makes groups of its own, and removes them.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { allGroups, detect, type StatsName } from '@coracle/cgroups';
import { type FileOperation, removeGroup, runOperations } from '@coracle/cgroups-core';
import { CgroupV1, type Place, statFiles as statFilesV1 } from '@coracle/cgroups-v1';
import { CgroupV2, statFiles as statFilesV2 } from '@coracle/cgroups-v2';
import { summarize } from './statistics.ts';

const { values } = parseArgs({
  options: { groups: { type: 'string', default: '1,100,1000' }, runs: { type: 'string', default: '5' } },
});

/** What a live table shows. */
const SHOWN: StatsName[] = ['cpu.usageNanoseconds', 'memory.workingSetBytes', 'pids.current', 'io'];

/** A place for groups: what to make for one, and how to read it. */
interface Site {
  top: readonly string[];
  directories(name: string): string[];
  read(name: string, wanted: StatsName[] | 'all'): unknown;
  files(name: string, wanted: StatsName[] | 'all'): string[];
}

function siteHere(): Site {
  const { v1, v2 } = detect();
  const name = `coracle-bench-${process.pid}`;
  const counting = Object.entries(v1).filter(([controller]) => ['pids', 'memory', 'cpuacct'].includes(controller));
  if (counting.length > 0) {
    const place = (below: string): Place =>
      Object.fromEntries(counting.map(([controller, directory]) => [controller, `${directory}/${name}${below}`]));
    return {
      top: Object.values(place('')),
      directories: (group) => Object.values(place(`/${group}`)),
      read: (group, wanted) => CgroupV1.open(place(`/${group}`)).stats(wanted),
      files: (group, wanted) => statFilesV1(place(`/${group}`), wanted),
    };
  }
  if (!v2) throw new Error('no group can be made here');
  const top = `${v2.parent}/${name}`;
  return {
    top: [top],
    directories: (group) => [`${top}/${group}`],
    read: (group, wanted) => CgroupV2.open(`${top}/${group}`).stats(wanted),
    files: (group, wanted) => statFilesV2(`${top}/${group}`, wanted),
  };
}

function make(paths: readonly string[]): void {
  runOperations(paths.map((path): FileOperation => ({ kind: 'mkdir', path, why: 'measure it' })));
}

/** The medians of some runs, in milliseconds: by the clock, and of this process's own processor time. */
function time(once: () => void): { clock: number; processor: number } {
  once();
  const runs = Array.from({ length: Number(values.runs) }, () => {
    const [began, used] = [process.hrtime.bigint(), process.cpuUsage()];
    once();
    const { user, system } = process.cpuUsage(used);
    return { clock: Number(process.hrtime.bigint() - began) / 1e6, processor: (user + system) / 1000 };
  });
  return {
    clock: summarize(runs.map(({ clock }) => clock)).median,
    processor: summarize(runs.map(({ processor }) => processor)).median,
  };
}

function measure(site: Site, names: readonly string[], wanted: StatsName[] | 'all'): string {
  const files = names.flatMap((name) => site.files(name, wanted));
  const input = `${files.join('\n')}\n`;
  const ours = time(() => {
    for (const name of names) site.read(name, wanted);
  });
  // The files of controllers that the groups lack do not exist; that is an error to xargs, and none here.
  const cat = time(() => spawnSync('xargs', ['cat'], { input, stdio: ['pipe', 'ignore', 'ignore'] }));
  const cells = [
    String(names.length).padStart(7),
    (wanted === 'all' ? 'everything' : 'a table').padEnd(11),
    String(files.length).padStart(7),
    ours.clock.toFixed(1).padStart(11),
    (ours.clock / cat.clock).toFixed(2).padStart(7),
    `${(ours.processor / 10).toFixed(1)}%`.padStart(11),
  ];
  return cells.join('  ');
}

const site = siteHere();
console.log(' groups  what           files  ms (median)    / cat  of a core, once a second');
try {
  make(site.top);
  const made: string[] = [];
  for (const count of values.groups.split(',').map(Number)) {
    while (made.length < count) {
      make(site.directories(`g${made.length}`));
      made.push(`g${made.length}`);
    }
    for (const wanted of [SHOWN, 'all'] as const) console.log(measure(site, made, wanted === 'all' ? 'all' : SHOWN));
    const below = `/${site.top[0]?.split('/').at(-1)}`;
    let found = 0;
    const walk = time(() => {
      found = [...allGroups({ below })].length - 1;
    });
    console.log(
      `${String(found).padStart(7)}  found in ${walk.clock.toFixed(1)} ms, ${walk.processor.toFixed(1)} of them at work`,
    );
  }
} finally {
  for (const directory of site.top) await removeGroup(directory);
}
