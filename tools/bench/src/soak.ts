import { readdirSync } from 'node:fs';
import { run } from '@coracle/container';

/** What grew over many starts in a row. */
export interface Soak {
  starts: number;
  rssBefore: number;
  rssAfter: number;
  descriptorsBefore: number;
  descriptorsAfter: number;
}

const WARM_UP = 500;

/** Starts so many containers one after the other, and compares this process before and after. */
export async function soak(rootfs: string, starts: number): Promise<Soak> {
  const once = (): Promise<unknown> => run('true', [], { root: rootfs });
  for (let index = 0; index < WARM_UP; index++) await once();
  const [rssBefore, descriptorsBefore] = look();
  for (let index = 0; index < starts; index++) await once();
  const [rssAfter, descriptorsAfter] = look();
  return { starts, rssBefore, rssAfter, descriptorsBefore, descriptorsAfter };
}

function look(): [rss: number, descriptors: number] {
  globalThis.gc?.();
  return [process.memoryUsage().rss, readdirSync('/proc/self/fd').length];
}
