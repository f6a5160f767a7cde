import { type BigIntStats, existsSync, lstatSync, readdirSync } from 'node:fs';
import { join, posix, resolve } from 'node:path';
import { DEFAULT_DEVICE_RULES, type DeviceRule, parseDeviceRule } from '@coracle/cgroups';
import { isErrno } from '@coracle/errors';
import { lookAt } from '../look-at.ts';
import { checkString } from '../options/check-string.ts';
import { OptionError } from '../options/option-error.ts';
import type { ContainerOptions, DeviceOption, Volume } from '../options/options.ts';
import { deviceNumbers } from './device-numbers.ts';

/** What a container's devices come to. */
export interface Devices {
  /** What its cgroup lets through; `undefined` for all devices. */
  rules: readonly DeviceRule[] | undefined;
  /** The nodes of the host that are shown. */
  volumes: readonly Volume[];
}

/** What of the host's /dev is not shown to the privileged either: what every container has of its own. */
const OWN = /^(pts|shm|mqueue)\/|^(console|full|null|ptmx|random|tty|urandom|zero)$/;

/**
 * The devices of a container: the harmless ones that every container has, and the nodes asked for. A node is shown as it is on
 * the host, by a mount; the rules say what may be done with it, and with nodes that a program makes itself. The privileged have
 * all that the host has.
 * @throws {OptionError} for what is no device node, and for rules that cannot be read
 */
export function devicesFor(options: ContainerOptions): Devices {
  const { devices = [], deviceRules = [], privileged = false } = options;
  const shown = [...(privileged ? allOfHost(options) : []), ...devices.flatMap(inspect)];
  const asked = deviceRules.map(readRule);
  return {
    rules: privileged ? undefined : [...DEFAULT_DEVICE_RULES, ...shown.map(({ rule }) => rule), ...asked],
    volumes: shown.map(({ volume }) => volume),
  };
}

/**
 * Whether less may be done with a node than its mode allows: a mount does not keep a device from being opened for writing.
 * @see {@link devicesFor}
 */
export function hasNarrowDevice({ devices = [] }: Pick<ContainerOptions, 'devices'>): boolean {
  return devices.some(({ access = 'rw' }) => !(access.includes('r') && access.includes('w')));
}

/** Less what is to lie in the same place. */
function allOfHost({ devices = [], volumes = [], tmpfs = [] }: Partial<ContainerOptions>): Shown[] {
  const taken = [...devices.map(({ path, target }) => ({ target: target ?? path })), ...volumes, ...tmpfs]
    .map(({ target }) => `${posix.normalize(target)}/`.replace(/\/+$/, '/'))
    .filter((target) => target !== '/');
  return nodesBelow('/dev')
    .map(([name, node]) => ({ name, node, path: join('/dev', name) }))
    .filter(({ name, path }) => !OWN.test(name) && !taken.some((place) => `${path}/`.startsWith(place)))
    .map(({ node, path }) => show(node, { source: path, target: path, access: 'rwm' }));
}

/** A node to be shown, and the rule that lets it be used. */
interface Shown {
  rule: DeviceRule;
  volume: Volume;
}

/** A node, or all nodes in and below a directory such as /dev/dri. */
function inspect({ path, target = path, access = 'rwm' }: DeviceOption): Shown[] {
  const source = resolve(path);
  checkString('devices', path);
  const hint = 'look for it with: ls -l /dev';
  const stats = existsSync(source)
    ? lookAt(source, { option: 'devices', step: 'let it be used', hints: {} })
    : undefined;
  if (!/^[rwm]+$/.test(access))
    throw new OptionError(
      'devices',
      `'${access}' is no access to a device`,
      'write letters of rwm: read, write, mknod',
    );
  if (stats && isDevice(stats)) return [show(stats, { source, target, access })];
  if (!stats?.isDirectory())
    throw new OptionError('devices', stats ? `${path} is no device node` : `there is no device node ${path}`, hint);
  const nodes = nodesBelow(source);
  if (nodes.length === 0) throw new OptionError('devices', `there is no device node in ${path}`, hint);
  return nodes.map(([name, node]) => show(node, { source: join(source, name), target: join(target, name), access }));
}

function isDevice(stats: BigIntStats): boolean {
  return stats.isCharacterDevice() || stats.isBlockDevice();
}

function show(
  stats: BigIntStats,
  { source, target, access }: { source: string; target: string; access: string },
): Shown {
  const rule: DeviceRule = {
    allow: true,
    type: stats.isBlockDevice() ? 'b' : 'c',
    ...deviceNumbers(stats.rdev),
    access,
  };
  return { rule, volume: { source, target, dev: true, readOnly: !access.includes('w') } };
}

/**
 * Links among them are names of others, and are left out; of a name that is gone again, and in a directory that is closed, nothing can
 * be shown.
 */
function nodesBelow(directory: string, above = ''): [name: string, stats: BigIntStats][] {
  return namesIn(join(directory, above)).flatMap((one): [string, BigIntStats][] => {
    const name = join(above, one);
    const stats = lstatSync(join(directory, name), { bigint: true, throwIfNoEntry: false });
    if (stats?.isDirectory()) return nodesBelow(directory, name);
    return stats && isDevice(stats) ? [[name, stats]] : [];
  });
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).toSorted();
  } catch (error) {
    if (isErrno(error, 'EACCES', 'ENOENT')) return [];
    throw error;
  }
}

function readRule(text: string): DeviceRule {
  try {
    return parseDeviceRule(text);
  } catch (cause) {
    throw new OptionError(
      'deviceRules',
      cause instanceof Error ? cause.message : String(cause),
      'write the type, the numbers and the access of device nodes, such as c 10:200 rw',
    );
  }
}
