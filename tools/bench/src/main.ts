import { parseArgs } from 'node:util';
import { makeBusyboxRootfs } from '@coracle/test-support/rootfs';
import { type Contestant, contestants } from './contestants.ts';
import { Launcher } from './launcher.ts';
import { measureCrowd } from './many.ts';
import { type Row, renderReport } from './report.ts';
import { soak } from './soak.ts';
import { summarize } from './statistics.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    runs: { type: 'string', default: '21' },
    crowd: { type: 'string', default: '0' },
    soak: { type: 'string', default: '0' },
    cgroups: { type: 'boolean' },
    groups: { type: 'string', default: '1,100,10000' },
  },
});

/**
 * In turn, so that a machine that grows slower or faster does so for all; each right after an untimed run of its own, for
 * what another one left in the processor's caches is no property of it.
 */
async function measure(all: readonly Contestant[], runs: number): Promise<Row[]> {
  const times = new Map(all.map(({ name }) => [name, [] as number[]]));
  const present = all.filter(({ missing }) => missing === undefined);
  for (const { once, warmUps = 2 } of present) for (let count = 0; count < warmUps; count++) await once();
  for (let round = 0; round < runs; round++) {
    for (const { name, once } of present) {
      await once();
      times.get(name)?.push(await once());
    }
  }
  return all.map(({ name, missing }) => ({
    name,
    missing,
    summary: missing === undefined ? summarize(times.get(name) ?? []) : undefined,
  }));
}

async function main(): Promise<void> {
  if (values.cgroups) {
    const { measureCgroups } = await import('./cgroups/main.ts');
    const counts = values.groups.split(',').map(Number);
    console.log(await measureCgroups({ counts, rounds: Math.min(Number(values.runs), 3) }));
    return;
  }
  using rootfs = makeBusyboxRootfs();
  using launcher = new Launcher();
  const { all, dispose } = contestants(rootfs.path, launcher);
  try {
    const rows = await measure(await usable(all), Number(values.runs));
    const crowd = Number(values.crowd) > 0 ? await measureCrowd(rootfs.path, Number(values.crowd)) : undefined;
    const soaked = Number(values.soak) > 0 ? await soak(rootfs.path, Number(values.soak)) : undefined;
    const report = { rows, crowd, soak: soaked };
    console.log(values.json ? JSON.stringify(report, null, 2) : renderReport(report));
  } finally {
    dispose();
  }
}

/** A peer that cannot run here is a row that says why, not the end of the measurement. */
async function usable(all: readonly Contestant[]): Promise<Contestant[]> {
  const tried: Contestant[] = [];
  for (const contestant of all)
    tried.push({ ...contestant, missing: contestant.missing ?? (await failureOf(contestant)) });
  return tried;
}

async function failureOf({ once }: Contestant): Promise<string | undefined> {
  try {
    await once();
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n')[0] ?? error.message) : String(error);
  }
}

await main();
