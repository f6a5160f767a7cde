import { readlinkSync } from 'node:fs';
import { parseMountinfo } from '@coracle/mountinfo';
import type { Config } from '@coracle/oci-spec';
import { USUAL_DEVICES } from './cruns-ways.ts';
import type { Sight } from './probe.ts';

/** How two sights are compared that are to be the same. */
export interface Comparison {
  /** Replaced wherever it stands. */
  id: string;
  config: Config;
  /** Namespaces that configurations may join. */
  joinable: Readonly<Record<string, string>>;
}

/**
 * A sight without what differs between two containers of one runtime, which is numbers of namespaces and the container's id, and
 * without where Coracle and runc 1.1 differ by intent:
 * - a masked file is a null device for all to write, and not that of the container with the mode that its configuration gives it
 * - the mount of what is masked is read-only, without set-id bits or programs: what is compared is what is seen there
 * - a sysfs that is read-only is so by its mount; its super block belongs to all containers of that network
 * - the directory of cgroups of version 1 is as read-only as it is asked to be
 * - the mode of a tmpfs on a directory is that of the directory, by an option as with runc 1.2 and not afterwards: it is compared
 *   where it is looked at
 * - devices of the host that are shown in a user namespace execute nothing, as with crun
 * - the device for network tunnels is denied, as with runc 1.2
 * - a root that is `shared` is shared, as with runc 1.2; runc 1.1 forgets it
 */
export function comparable(sight: Sight, { id, config, joinable }: Comparison): Record<string, string[]> {
  const lines = Object.entries(sight).map(([question, text]): [string, string[]] => [
    question,
    linesOf(question, text, { config, joinable }).map((line) => line.replaceAll(id, 'ID')),
  ]);
  return Object.fromEntries(lines);
}

function linesOf(question: string, text: string, { config, joinable }: Omit<Comparison, 'id'>): string[] {
  const lines = text.split('\n').filter((line) => line !== '');
  if (question === 'namespaces') return lines.map((line) => namespace(line, joinable));
  if (question === 'mounts') return mountsOf(text, config);
  if (question === 'files')
    return lines.map((line) => (isMasked('/full/one', config) && line.endsWith(' one') ? withoutMode(line) : line));
  if (question === 'cgroup')
    return lines
      .filter((line) => line !== 'c 10:200 rwm')
      .map(withoutMknod)
      .sort();
  return lines;
}

function isMasked(path: string, { linux }: Config): boolean {
  return linux?.maskedPaths?.includes(path) ?? false;
}

function withoutMode(line: string): string {
  return line.replace(/^(.)\S+/, '$1');
}

/** Every node may be made: whether a rule says so again makes no difference. */
function withoutMknod(line: string): string {
  return /^[cb] \d/.test(line) ? line.replace(/m$/, '') : line;
}

function namespace(line: string, joinable: Comparison['joinable']): string {
  const [kind = '', link = ''] = line.split(' ');
  if (Object.values(joinable).some((path) => readlinkSync(path) === link)) return `${kind} as asked for`;
  return `${kind} ${link === readlinkSync(`/proc/self/ns/${kind}`) ? 'of the host' : 'another'}`;
}

/** Mounts by place, in the words that both have. */
function mountsOf(text: string, { linux }: Config): string[] {
  const isInUserNamespace = linux?.namespaces?.some(({ type }) => type === 'user') ?? false;
  const named = (linux?.devices ?? []).map(({ path }) => path);
  const isShown = (place: string): boolean => isInUserNamespace && [...USUAL_DEVICES, ...named].includes(place);
  const isShared = linux?.rootfsPropagation?.endsWith('shared') ?? false;
  return parseMountinfo(text)
    .filter(({ mountPoint }) => !linux?.maskedPaths?.includes(mountPoint))
    .map(({ mountPoint, root, type, source, options, superOptions, tags }) => {
      const ignored = type === 'sysfs' ? /^r[ow]$/ : type === 'tmpfs' ? /^mode=/ : undefined;
      const top = superOptions.filter((option) => !ignored?.test(option));
      const passedOver =
        mountPoint === '/sys/fs/cgroup' ? /^r[ow]$/ : isShown(mountPoint) ? /^no(suid|exec)$/ : undefined;
      const own = options.filter((option) => !passedOver?.test(option));
      const ties = Object.keys(tags).filter((tie) => !(isShared && tie === 'shared'));
      return [mountPoint, root, type, source, own.join(), top.join(), ties.join()].join(' ');
    })
    .sort();
}
