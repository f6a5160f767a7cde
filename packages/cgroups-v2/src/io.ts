import {
  type Amount,
  type FileOperation,
  type IoDeviceResources,
  type IoResources,
  type ReadFile,
  setFile,
} from '@coracle/cgroups-core';
import { ioWeightOf } from './io-weight.ts';

/** Weights, rates and latencies of disks. @see the kernel's cgroup-v2 documentation, "IO" */
export function planIo(
  { weight, devices = {} }: IoResources<Amount>,
  directory: string,
  read: ReadFile,
): FileOperation[] {
  const { file, scale } = weightsOf(directory, read);
  const set = (name: string, value: string, why: string): FileOperation => setFile(`${directory}/${name}`, value, why);
  const weightOf = (one: number): string => String(scale(one));
  return [
    ...(weight === undefined ? [] : [set(file, weightOf(weight), `give it a weight of ${weight} at disks`)]),
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

/** The scheduler BFQ has a file of its own, with the scale of version 1. */
function weightsOf(directory: string, read: ReadFile): { file: string; scale: (weight: number) => number } {
  return read(`${directory}/io.bfq.weight`) === undefined
    ? { file: 'io.weight', scale: ioWeightOf }
    : { file: 'io.bfq.weight', scale: (weight) => weight };
}
