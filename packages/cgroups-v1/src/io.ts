import {
  type Amount,
  type FileOperation,
  type IoDeviceResources,
  type IoResources,
  type ReadFile,
  setFile,
  weightsKept,
} from '@coracle/cgroups-core';
import { need } from './need.ts';
import type { Place } from './place.ts';

/** Weights and rates of disks. @see the kernel's cgroup-v1/blkio-controller and block/bfq-iosched documentation */
export function planIo(
  { weight, leafWeight, devices = {} }: IoResources<Amount>,
  place: Place,
  read: ReadFile,
): FileOperation[] {
  const weightFile = weightFileOf(place, read);
  const keep = weight === undefined ? [] : weightsKept(need(place, 'blkio', `${weightFile}_device`), read);
  const set = (file: string, value: string | number, why: string): FileOperation =>
    setFile(need(place, 'blkio', file), String(value), why);
  return [
    // Written before as well, so that putting back ends with them too.
    ...keep,
    ...(weight === undefined ? [] : [set(weightFile, weight, `give it a weight of ${weight} at disks`)]),
    ...keep,
    ...(leafWeight === undefined
      ? []
      : [set('blkio.leaf_weight', leafWeight, `give its own processes a weight of ${leafWeight} at disks`)]),
    ...Object.entries(devices).flatMap(([device, one]) =>
      linesOf(one, weightFile).map(([file, value, what]) =>
        set(file, `${device} ${value}`, `${what} at disk ${device}`),
      ),
    ),
  ];
}

function linesOf(device: IoDeviceResources<Amount>, weightFile: string): [file: string, value: string, what: string][] {
  const lines: [string, Amount | number | undefined, string][] = [
    [`${weightFile}_device`, device.weight, 'give it a weight of'],
    ['blkio.leaf_weight_device', device.leafWeight, 'give its own processes a weight of'],
    ['blkio.throttle.read_bps_device', device.readBytesPerSec, 'have it read no more bytes a second than'],
    ['blkio.throttle.write_bps_device', device.writeBytesPerSec, 'have it write no more bytes a second than'],
    ['blkio.throttle.read_iops_device', operations(device.readOpsPerSec), 'have it read no more often a second than'],
    [
      'blkio.throttle.write_iops_device',
      operations(device.writeOpsPerSec),
      'have it write no more often a second than',
    ],
  ];
  return lines.flatMap(([file, value, what]) =>
    // Version 1 lifts a rate with 0.
    value === undefined ? [] : [[file, value === 'max' ? '0' : String(value), `${what} ${value}`]],
  );
}

/** The kernel keeps 32 bits of it and cuts the others off: 2^32 would be none at all. Its largest is no limit, as on version 2. */
function operations(rate: Amount | undefined): Amount | undefined {
  return typeof rate === 'bigint' && rate > MOST_OPERATIONS ? MOST_OPERATIONS : rate;
}

const MOST_OPERATIONS = 2n ** 32n - 1n;

/** The scheduler BFQ has a file of its own; CFQ's, which had the plain one, is gone since Linux 5.0. */
function weightFileOf(place: Place, read: ReadFile): string {
  const isOld =
    read(`${place.blkio}/blkio.bfq.weight`) === undefined && read(`${place.blkio}/blkio.weight`) !== undefined;
  return isOld ? 'blkio.weight' : 'blkio.bfq.weight';
}
