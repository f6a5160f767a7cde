import { parseSize } from '@coracle/cgroups';
import { parseAsGoReads } from '@coracle/container/detached';
import { isErrno } from '@coracle/errors';
import type { IntelRdt, Resources } from '@coracle/oci-spec';
import { parseResources } from '@coracle/oci-spec/validate';
import { type OptionRow, type Options, UsageError } from './command-line.ts';
import { readText } from './read-config.ts';

/** Where in the resources of a configuration each option belongs. */
const PLACES = {
  'blkio-weight': ['blockIO', 'weight'],
  'cpu-period': ['cpu', 'period'],
  'cpu-quota': ['cpu', 'quota'],
  'cpu-burst': ['cpu', 'burst'],
  'cpu-share': ['cpu', 'shares'],
  'cpu-rt-period': ['cpu', 'realtimePeriod'],
  'cpu-rt-runtime': ['cpu', 'realtimeRuntime'],
  'cpu-idle': ['cpu', 'idle'],
  'cpuset-cpus': ['cpu', 'cpus'],
  'cpuset-mems': ['cpu', 'mems'],
  memory: ['memory', 'limit'],
  'memory-reservation': ['memory', 'reservation'],
  'memory-swap': ['memory', 'swap'],
  'pids-limit': ['pids', 'limit'],
} as const;

/** Those whose value is a list, and no number. */
const LISTS: readonly string[] = ['cpuset-cpus', 'cpuset-mems'];

/** Where in `linux.intelRdt` each option belongs. */
const SHARES = { 'l3-cache-schema': 'l3CacheSchema', 'mem-bw-schema': 'memBwSchema' } as const;

/** Options of `update`. */
export const RESOURCE_OPTIONS: readonly OptionRow[] = [
  { long: 'resources', short: 'r', value: 'FILE|-', help: 'limits as config.json has them, in place of the options' },
  ...Object.entries(PLACES).map(([long, place]) => ({
    long,
    value: LISTS.includes(long) ? 'LIST' : place[0] === 'memory' ? 'BYTES' : 'N',
    help: `linux.resources.${place.join('.')}`,
  })),
  ...Object.entries(SHARES).map(([long, field]) => ({ long, value: 'LINE', help: `linux.intelRdt.${field}` })),
];

/** The shares of cache and memory bandwidth that a command line asks for. */
export function wantedShares(options: Options): Pick<IntelRdt, 'l3CacheSchema' | 'memBwSchema'> {
  const given = Object.entries(SHARES).flatMap(([long, field]) => {
    const line = options.text(long);
    return line === undefined ? [] : [[field, line]];
  });
  return Object.fromEntries(given);
}

/**
 * The limits that a command line asks for: of a file, or of the options.
 * @param onWarning called for each field of a file that is spelt otherwise than the specification has it
 * @throws {UsageError} when nothing is asked for, or a value is no number; {@link ConfigError} for what cannot be meant
 * @example
 * wantedResources(parseCommandLine(['--memory', '1m'], RESOURCE_OPTIONS).options); // { memory: { limit: 1048576 } }
 */
export function wantedResources(options: Options, onWarning?: Parameters<typeof parseAsGoReads>[2]): Resources {
  const file = options.text('resources');
  if (file === undefined) return parseResources(JSON.stringify(fromOptions(options)));
  return parseAsGoReads(readText(file), parseResources, onWarning);
}

function fromOptions(options: Options): Record<string, Record<string, string | number>> {
  const resources: Record<string, Record<string, string | number>> = {};
  for (const [name, [part, field]] of Object.entries(PLACES)) {
    const text = options.text(name);
    if (text === undefined) continue;
    resources[part] = { ...resources[part], [field]: limitOf(text, { name, part }) };
  }
  if (Object.keys(resources).length === 0 && Object.keys(wantedShares(options)).length === 0)
    throw new UsageError('update is told of no limit', 'give --resources, or options such as --memory');
  return resources;
}

function limitOf(text: string, { name, part }: { name: string; part: string }): string | number {
  if (LISTS.includes(name)) return text;
  if (/^-?\d{1,18}$/.test(text)) return Number(text);
  if (part === 'memory') return sizeOf(text, name);
  throw noNumber(text, name);
}

function sizeOf(text: string, name: string): number {
  try {
    return Number(parseSize(text.replace(/(?<=\d) (?=[a-z])/i, ''))); // as runc has it: 64 MiB
  } catch (error) {
    if (!isErrno(error, 'EINVAL')) throw error;
    throw noNumber(text, name, 'write bytes, or with a unit: 512m, 2GiB');
  }
}

function noNumber(text: string, name: string, hint?: string): UsageError {
  return new UsageError(`--${name} needs a number, and not ${JSON.stringify(text)}`, hint);
}
