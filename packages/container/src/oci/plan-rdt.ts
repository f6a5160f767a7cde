import type { IntelRdt } from '@coracle/oci-spec';
import { AT, close, flags, mkdirat, OPEN, openat, resultOf, type Step, unlinkat, write } from '@coracle/syscalls';
import { cannot } from './config-error.ts';

/** A class of service of Intel RDT, made, joined and removed. */
export interface RdtPlan {
  beforeBirth: Step[];
  afterBirth: Step[];
  atEnd: Step[];
}

/**
 * Plans the class of service of a container, and its share of cache and memory bandwidth. A class that is named by `closID` may be
 * others' too, and stays when it was there before.
 * @param options `mountPoint`: of resctrl, `undefined` where there is none; `exists`: whether a directory is there already
 * @throws {ConfigError} where the kernel has no resctrl, and for a class that has to be there and is not
 * @see the kernel's filesystems/resctrl
 */
export function planRdt(
  rdt: IntelRdt | undefined,
  { id, mountPoint, exists }: { id: string; mountPoint: string | undefined; exists: (path: string) => boolean },
): RdtPlan {
  if (!rdt) return { beforeBirth: [], afterBirth: [], atEnd: [] };
  if (mountPoint === undefined)
    throw cannot(
      { path: '$.linux.intelRdt', value: rdt },
      'absent, as no resctrl file system is mounted',
      'on a processor that has it: sudo mount -t resctrl resctrl /sys/fs/resctrl',
    );
  const directory = rdt.closID === '/' ? mountPoint : `${mountPoint}/${rdt.closID ?? id}`;
  const isThere = exists(directory);
  const lines = [...(rdt.schemata ?? []), rdt.l3CacheSchema, rdt.memBwSchema].filter(
    (line) => line !== undefined && line !== '',
  );
  if (rdt.closID !== undefined && lines.length === 0 && !isThere)
    throw cannot(
      { path: '$.linux.intelRdt.closID', value: rdt.closID },
      'a class that is there, as no schema is given',
    );
  const monitored = rdt.enableMonitoring ? `${directory}/mon_groups/${id}` : undefined;
  const made = [...(isThere ? [] : [directory]), ...(monitored === undefined ? [] : [monitored])];
  const why = 'share out cache and memory bandwidth';
  const joined = monitored === undefined ? [directory] : [directory, monitored];
  return {
    beforeBirth: [
      ...made.map((path) => mkdirat({ path }, { why, tolerate: ['EEXIST'] })),
      ...(lines.length === 0 ? [] : put(`${directory}/schemata`, `${lines.join('\n')}\n`, why)),
    ],
    // The number 0 is the process that writes.
    afterBirth: joined.flatMap((path) => put(`${path}/tasks`, '0', why)).map((step) => ({ ...step, only: 'child' })),
    atEnd: made
      .toReversed()
      .map((path) => unlinkat({ path, flags: flags(AT, 'AT_REMOVEDIR') }, { why, only: 'parent' })),
  };
}

function put(path: string, data: string, why: string): Step[] {
  const file = resultOf('resctrl file');
  return [
    openat({ path, flags: flags(OPEN, 'O_WRONLY', 'O_CLOEXEC') }, { why, result: 'resctrl file' }),
    write({ fd: file, data }, why),
    close(file, why),
  ];
}
