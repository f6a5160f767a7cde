import { readdirSync, readFileSync } from 'node:fs';
import { Container } from '@coracle/container';
import { summarize } from './statistics.ts';

/** What many living containers cost. */
export interface Crowd {
  count: number;
  /** Start of one container beside the first, and beside all the others, in milliseconds. */
  startAlone: number;
  startInCrowd: number;
  /** Memory (PSS) of a monitor beside its program, in bytes. */
  monitorBytes: number;
}

const SAMPLES = 41;

/** Starts many containers, keeps them alive, measures, and ends them all. */
export async function measureCrowd(rootfs: string, count: number): Promise<Crowd> {
  const living: Container[] = [];
  const start = async (): Promise<number> => {
    const before = process.hrtime.bigint();
    living.push(await Container.run({ command: ['sleep', '1000'], root: rootfs, stdout: 'ignore', stderr: 'ignore' }));
    return Number(process.hrtime.bigint() - before) / 1e6;
  };
  const sample = async (): Promise<number> => {
    const times: number[] = [];
    for (let index = 0; index < SAMPLES; index++) times.push(await start());
    return summarize(times).median;
  };
  try {
    for (let warm = 0; warm < 20; warm++) await start();
    const startAlone = await sample();
    while (living.length < count - SAMPLES) await start();
    const startInCrowd = await sample();
    return { count: living.length, startAlone, startInCrowd, monitorBytes: monitorMemory() };
  } finally {
    for (let next = 0; next < living.length; next += 50) {
      await Promise.all(living.slice(next, next + 50).map((box) => box[Symbol.asyncDispose]()));
    }
  }
}

function monitorMemory(): number {
  const sizes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => pssOfMonitor(pid) ?? []);
  return summarize(sizes).median;
}

function pssOfMonitor(pid: string): number | undefined {
  try {
    if (!readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith('coracle: monitor')) return undefined;
    const pss = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))?.[1];
    return pss === undefined ? undefined : Number(pss) * 1024;
  } catch {
    // It ended between the listing and the look.
    return undefined;
  }
}
