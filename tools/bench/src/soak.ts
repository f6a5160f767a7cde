import { readdirSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { run } from '@coracle/container';

/** What this process holds, in bytes but for the last. */
export interface Held {
  /** Objects that are in use: what is left of the heap after a collection. Growth of it is a leak. */
  heap: number;
  /** What lies outside of the heap and belongs to such objects. */
  external: number;
  /** With what V8 keeps for later, which depends on when it collects. */
  resident: number;
  descriptors: number;
}

/** What grew over many starts in a row. */
export interface Soak {
  starts: number;
  before: Held;
  after: Held;
}

const WARM_UP = 500;

/** Starts so many containers one after the other, and compares this process before and after. */
export async function soak(rootfs: string, starts: number): Promise<Soak> {
  const once = (): Promise<unknown> => run('true', [], { root: rootfs });
  for (let index = 0; index < WARM_UP; index++) await once();
  const before = look();
  for (let index = 0; index < starts; index++) await once();
  return { starts, before, after: look() };
}

function look(): Held {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  for (let round = 0; round < 2; round++) collect(); // what the first round finalizes, the second takes away
  const { heapUsed: heap, external, rss: resident } = process.memoryUsage();
  return { heap, external, resident, descriptors: readdirSync('/proc/self/fd').length };
}
