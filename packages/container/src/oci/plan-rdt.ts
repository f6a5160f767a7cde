import { readFileSync } from 'node:fs';
import { parseMountinfo } from '@coracle/mountinfo';
import type { IntelRdt } from '@coracle/oci-spec';
import { AT, close, flags, mkdirat, OPEN, openat, resultOf, type Step, unlinkat, write } from '@coracle/syscalls';
import { cannot } from './config-error.ts';
import { differingShare } from './rdt-schemata.ts';

/** A class of service of Intel RDT, made, joined and removed. */
export interface RdtPlan {
  beforeBirth: Step[];
  afterBirth: Step[];
  atEnd: Step[];
  /** Directories that were made for this container alone, children before their parents: what `atEnd` removes. */
  directories: readonly string[];
}

/** What of the machine a class of service depends on. */
export interface RdtMachine {
  /** The container's. */
  id: string;
  /** Of resctrl; `undefined` where there is none. */
  mountPoint: string | undefined;
  /** Whether a directory is there already. */
  exists: (path: string) => boolean;
  /** The text of a file. */
  read: (path: string) => string;
}

/** Where there is no class of service to be had, and what helps. */
export const NO_RESCTRL = {
  text: 'no resctrl file system is mounted',
  hint: 'on a processor that has it: sudo mount -t resctrl resctrl /sys/fs/resctrl',
};

/** The directory of a container's class of service. */
export function classOf({ closID }: IntelRdt, { id, mountPoint }: { id: string; mountPoint: string }): string {
  return closID === '/' ? mountPoint : `${mountPoint}/${closID ?? id}`;
}

/** Where resctrl is mounted; `undefined` where it is not. */
export function resctrlMount(): string | undefined {
  return parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8')).find(({ type }) => type === 'resctrl')
    ?.mountPoint;
}

/**
 * Plans the class of service of a container, and its share of cache and memory bandwidth. A class that is named by `closID` may be
 * others' too: it stays at the end, and one that is there has to have the shares that are asked for.
 * @throws {ConfigError} where the kernel has no resctrl, for a class that has to be there and is not, and for one that is there
 *   with other shares
 * @see the kernel's filesystems/resctrl
 */
export function planRdt(rdt: IntelRdt | undefined, { id, mountPoint, exists, read }: RdtMachine): RdtPlan {
  if (!rdt) return { beforeBirth: [], afterBirth: [], atEnd: [], directories: [] };
  if (mountPoint === undefined)
    throw cannot({ path: '$.linux.intelRdt', value: rdt }, `absent, as ${NO_RESCTRL.text}`, NO_RESCTRL.hint);
  const directory = classOf(rdt, { id, mountPoint });
  const isThere = exists(directory);
  const shares = [rdt.l3CacheSchema ?? '', rdt.memBwSchema ?? ''].filter((line) => line !== '');
  // What is written last holds.
  const lines = [...shares, ...(rdt.schemata ?? [])];
  if (rdt.closID !== undefined && lines.length === 0 && !isThere)
    throw cannot(
      { path: '$.linux.intelRdt.closID', value: rdt.closID },
      'a class that is there, as no schema is given',
    );
  if (rdt.closID !== undefined && isThere) {
    const other = differingShare(shares, read(`${directory}/schemata`));
    if (other !== undefined)
      throw cannot(
        { path: '$.linux.intelRdt', value: rdt },
        `as the class ${rdt.closID} is, which others may be in, and it does not have '${other}'`,
        `see ${directory}/schemata, or choose another closID`,
      );
  }
  const monitored = rdt.enableMonitoring ? `${directory}/mon_groups/${id}` : undefined;
  const made = [...(isThere ? [] : [directory]), ...(monitored === undefined ? [] : [monitored])];
  const own = rdt.closID === undefined && !isThere ? [directory] : [];
  const directories = [...(monitored === undefined ? [] : [monitored]), ...own];
  const why = 'share out cache and memory bandwidth';
  const joined = monitored === undefined ? [directory] : [directory, monitored];
  return {
    beforeBirth: [
      ...made.map((path) => mkdirat({ path }, { why, tolerate: ['EEXIST'] })),
      ...(lines.length === 0 ? [] : put(`${directory}/schemata`, `${lines.join('\n')}\n`, why)),
    ],
    // The number 0 is the process that writes.
    afterBirth: joined.flatMap((path) => put(`${path}/tasks`, '0', why)).map((step) => ({ ...step, only: 'child' })),
    atEnd: directories.map((path) =>
      unlinkat({ path, flags: flags(AT, 'AT_REMOVEDIR') }, { why, only: 'parent', tolerate: ['ENOENT'] }),
    ),
    directories,
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
