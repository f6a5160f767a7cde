import {
  type Amount,
  type FileOperation,
  type IoDeviceResources,
  type IoResources,
  type ReadFile,
  setFile,
  weightsKept,
} from '@coracle/cgroups-core';
import { ioWeightOf } from './io-weight.ts';

/** Weights, rates and latencies of disks. @see the kernel's cgroup-v2 documentation, "IO" */
export function planIo(
  { weight, devices = {} }: IoResources<Amount>,
  directory: string,
  read: ReadFile,
): FileOperation[] {
  const { file, scale, keep } = weightsOf(directory, read);
  const kept = weight === undefined ? [] : keep;
  const set = (name: string, value: string, why: string): FileOperation => setFile(`${directory}/${name}`, value, why);
  const weightOf = (one: number): string => String(scale(one));
  return [
    // Written before as well, so that putting back ends with them too.
    ...kept,
    ...(weight === undefined ? [] : [set(file, weightOf(weight), `give it a weight of ${weight} at disks`)]),
    ...kept,
    ...Object.entries(devices).flatMap(([device, one]) => [
      ...(one.weight === undefined
        ? []
        : [set(file, `${device} ${weightOf(one.weight)}`, `give it a weight of ${one.weight} at disk ${device}`)]),
      ...ratesOf(one).map((rates) => set('io.max', `${device} ${rates}`, `limit reads and writes at disk ${device}`)),
      ...(one.latencyUsec === undefined
        ? []
        : [set('io.latency', `${device} target=${one.latencyUsec}`, `keep disk ${device} quick for it`)]),
    ]),
  ];
}

/** What of `io.max` is asked for, in one line; what is not named in it stays as it is. */
function ratesOf(device: IoDeviceResources<Amount>): string[] {
  const rates: [key: string, rate: Amount | undefined][] = [
    ['rbps', device.readBytesPerSec],
    ['wbps', device.writeBytesPerSec],
    ['riops', device.readOpsPerSec],
    ['wiops', device.writeOpsPerSec],
  ];
  const asked = rates.filter(([, rate]) => rate !== undefined).map(([key, rate]) => `${key}=${rate}`);
  return asked.length === 0 ? [] : [asked.join(' ')];
}

/** How weights are written. */
interface Weights {
  file: string;
  scale: (weight: number) => number;
  /** Writes of what single disks have now, where the kernel forgets it when the weight for all is written. */
  keep: FileOperation[];
}

/** The scheduler BFQ has a file of its own, with the scale of version 1. */
function weightsOf(directory: string, read: ReadFile): Weights {
  const path = `${directory}/io.bfq.weight`;
  if (read(path) === undefined) return { file: 'io.weight', scale: ioWeightOf, keep: [] };
  return { file: 'io.bfq.weight', scale: (weight) => weight, keep: weightsKept(path, read) };
}
