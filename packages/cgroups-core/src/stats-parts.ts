import type {
  CpuStats,
  HugetlbStats,
  MemoryStats,
  MiscStats,
  PidsStats,
  Pressure,
  PressureStats,
  Stats,
  StatsPart,
} from './stats.ts';
import { parseFlat, parseKeyed, present } from './stats-text.ts';

/** Every field of a part, said to be there or not: a version that forgets one does not compile. */
type All<Part, Value = bigint> = { readonly [Field in keyof Part]-?: Value | undefined };

/** Numbers of processor time; `undefined` where there is none. */
export function cpuPart(fields: All<CpuStats>): CpuStats | undefined {
  return unlessEmpty(present(Object.entries(fields)));
}

/** Numbers of memory; `undefined` where there is none. */
export function memoryPart(
  fields: All<Omit<MemoryStats, 'limitBytes'>>,
  limitBytes: MemoryStats['limitBytes'] | undefined,
): MemoryStats | undefined {
  return unlessEmpty({ ...present(Object.entries(fields)), ...(limitBytes !== undefined && { limitBytes }) });
}

/** Numbers of processes; `undefined` where there is none. */
export function pidsPart(
  fields: All<Omit<PidsStats, 'limit'>>,
  limit: PidsStats['limit'] | undefined,
): PidsStats | undefined {
  return unlessEmpty({ ...present(Object.entries(fields)), ...(limit !== undefined && { limit }) });
}

/** Pressure by what was waited for; `undefined` where there is none. */
export function pressurePart(fields: All<PressureStats, Pressure>): PressureStats | undefined {
  return unlessEmpty(present(Object.entries(fields)));
}

/** Numbers of each size of huge pages that a group has files for; `undefined` where there is none. */
export function hugetlbPart(
  texts: ReadonlyMap<string, string>,
  { prefix, currentFile, read }: { prefix: string; currentFile: string; read: (size: string) => All<HugetlbStats> },
): Stats['hugetlb'] {
  const sizes = [...texts.keys()].flatMap((path) =>
    path.startsWith(prefix) && path.endsWith(currentFile) ? path.slice(prefix.length, -currentFile.length) : [],
  );
  const entries = sizes.map((size): [string, HugetlbStats] => [size, present(Object.entries(read(size)))]);
  return unlessEmpty(Object.fromEntries(entries));
}

/** Numbers of what the controller misc counts, whose files both versions have; `undefined` without the controller. */
export function miscPart(text: (file: string) => string | undefined): Stats['misc'] {
  const current = text('misc.current');
  if (current === undefined) return undefined;
  const [peaks, events] = [text('misc.peak'), text('misc.events')];
  const entries = Object.entries(parseFlat(current)).map(([name, used]): [string, MiscStats] => {
    const further: All<Omit<MiscStats, 'current'>> = {
      peak: parseKeyed(peaks, name),
      limitHits: parseKeyed(events, `${name}.max`),
    };
    return [name, { current: used, ...present(Object.entries(further)) }];
  });
  return Object.fromEntries(entries);
}

/** Statistics of the parts that are there. */
export function joinParts(parts: { readonly [Part in StatsPart]-?: Stats[Part] | undefined }): Stats {
  const { cpu, memory, pids, io, hugetlb, rdma, misc, pressure } = parts;
  return {
    ...(cpu && { cpu }),
    ...(memory && { memory }),
    ...(pids && { pids }),
    ...(io && { io }),
    ...(hugetlb && { hugetlb }),
    ...(rdma && { rdma }),
    ...(misc && { misc }),
    ...(pressure && { pressure }),
  };
}

/** What a file says, `undefined` where there is no such file. */
export function ifThere<T>(text: string | undefined, parse: (text: string) => T): T | undefined {
  return text === undefined ? undefined : parse(text);
}

function unlessEmpty<T extends object>(part: T): T | undefined {
  return Object.keys(part).length === 0 ? undefined : part;
}
