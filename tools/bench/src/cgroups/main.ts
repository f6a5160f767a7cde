import { spawnSync } from 'node:child_process';
import { makeBusyboxRootfs } from '@coracle/test-support/rootfs';
import { Ground } from './ground.ts';
import { measureLife, type Times } from './life.ts';
import { Peer } from './peer.ts';
import { measureLoop, measureStats } from './stats.ts';

/** How much to measure. */
export interface CgroupsOptions {
  /** Numbers of groups. */
  counts: readonly number[];
  rounds: number;
}

const LOOP = { count: 1000, seconds: 5 };

/**
 * What the life of groups and their statistics cost, beside a shell and runtimes. Makes groups of its own and removes them.
 * @returns a table
 */
export async function measureCgroups({ counts, rounds }: CgroupsOptions): Promise<string> {
  using rootfs = makeBusyboxRootfs();
  const peers = ['runc', 'crun'].filter(isInstalled).map((name) => new Peer(name, rootfs.path));
  try {
    const life = await onGround((ground) => measureLife(ground, { counts, rounds, peers }));
    const stats = await onGround((ground) => measureStats(ground, { counts, rounds, peers }));
    const loop = await onGround((ground) => measureLoop(ground, LOOP));
    return [
      ...render([...life, ...stats]),
      '',
      `${LOOP.count} groups looked at once a second for ${LOOP.seconds} s take ${percent(loop.shown)} of a processor for what a live table shows, ${percent(loop.everything)} for everything`,
    ].join('\n');
  } finally {
    for (const peer of peers) peer[Symbol.dispose]();
  }
}

async function onGround<Result>(measure: (ground: Ground) => Promise<Result>): Promise<Result> {
  using ground = new Ground();
  return await measure(ground);
}

function isInstalled(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

const OTHERS = ['shell', 'runc', 'crun'] as const;

/** Times are shown for ours alone; of the others, how many times as long they take. */
function render(all: readonly Times[]): string[] {
  const head = ['work'.padEnd(27), 'groups', 'ours: us a group', ...OTHERS.map((name) => `${name} / ours`)];
  const reasons = new Set<string>();
  const rows = all.map(({ work, groups, by }) => {
    const ours = by.get('ours');
    const cells = OTHERS.map((name) => {
      const time = by.get(name);
      if (typeof time === 'number' && typeof ours === 'number') return (time / ours).toFixed(time / ours < 10 ? 2 : 0);
      reasons.add(`- ${name}: ${time ?? 'not installed'}`);
      return '-';
    });
    const own = typeof ours === 'number' ? (ours * 1000).toFixed(0) : '-';
    return [work.padEnd(27), String(groups), own, ...cells];
  });
  const widths = head.map((title) => title.length);
  const line = (cells: readonly string[]): string =>
    cells.map((cell, index) => cell.padStart(widths[index] ?? 0)).join('  ');
  return [line(head), ...rows.map(line), ...reasons];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}
