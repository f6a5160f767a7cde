import type { ContainerInfo } from '@coracle/container';
import { inOneLine } from './harmless.ts';

type Row = readonly [topic: string, values: readonly string[]];

/** What is known of a container, for people: a line for each topic, and one for each further value of it. */
export function renderContainer(container: ContainerInfo): string {
  const rows = rowsOf(container).filter(([, values]) => values.length > 0);
  const width = Math.max(...rows.map(([topic]) => topic.length)) + 2;
  const lines = rows.flatMap(([topic, values]) =>
    values.map((value, index) => `  ${(index === 0 ? topic : '').padEnd(width)}${inOneLine(value)}`),
  );
  const { id, name } = container;
  return `${name === undefined ? id : `${name} (${id})`}\n${lines.join('\n')}\n`;
}

function rowsOf(container: ContainerInfo): Row[] {
  const { status, pid, created, started, command, hostname, user, idMaps, cgroups, mounts, rlimits } = container;
  const { isolation } = container;
  return [
    ['status', [status === 'running' ? `running since ${started}` : `created ${created}, waits to be started`]],
    ['process', [String(pid)]],
    ['command', [command.map(quoted).join(' ')]],
    ['hostname', hostname === undefined ? [] : [hostname]],
    ['root', [`${isolation.root}${isolation.readOnlyRoot ? ', read-only' : ''}`]],
    ['runs as', user ? [`user ${user.uid}, group ${user.gid}`] : []],
    ['user ids', [isolation.userIds, ...(idMaps?.uids ?? []).map(renderMapping)]],
    ['group ids', (idMaps?.gids ?? []).map(renderMapping)],
    ['namespaces', [isolation.namespaces.join(' ')]],
    ['network', [isolation.network]],
    ['cgroup', [isolation.cgroup, ...cgroups]],
    ['limits', renderLimits(container.limits)],
    ['missing', isolation.missing.map(({ what, reason }) => `${what}: ${reason}`)],
    ['rlimits', rlimits.map(renderRlimit)],
    ['capabilities', [isolation.capabilities.map((name) => name.slice('CAP_'.length)).join(' ') || 'none']],
    ['gains rights', [isolation.noNewPrivileges ? 'never' : 'by set-user-id programs']],
    ['seccomp', [isolation.seccomp]],
    ['landlock', isolation.landlock],
    ['apparmor', isolation.apparmor === undefined ? [] : [isolation.apparmor]],
    ['selinux', isolation.selinux === undefined ? [] : [isolation.selinux]],
    ['masked', isolation.maskedPaths],
    ['read-only', isolation.readonlyPaths],
    ['mounts', mounts.map(renderMount)],
    ['mounted by', [isolation.mountCalls]],
    ['agent', [isolation.agent]],
  ];
}

/** As a shell takes it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function renderMapping({ containerId, hostId, size }: { containerId: number; hostId: number; size: number }): string {
  const range = (first: number): string => (size === 1 ? `${first}` : `${first}-${first + size - 1}`);
  return `${range(containerId)} ${size === 1 ? 'is' : 'are'} ${range(hostId)} of the host`;
}

function renderLimits({ pids, memory, memoryWithSwap, cpus }: ContainerInfo['limits']): string[] {
  return [
    ...(pids === undefined ? [] : [`pids ${pids}`]),
    ...(memory === undefined ? [] : [`memory ${inBytes(memory)}`]),
    ...(memoryWithSwap === undefined ? [] : [`memory and swap ${inBytes(memoryWithSwap)}`]),
    ...(cpus === undefined ? [] : [`cpus ${cpus}`]),
  ];
}

function inBytes(limit: number | 'max'): string {
  return limit === 'max' ? limit : `${limit} bytes`;
}

/** As --ulimit takes it; a configuration writes no limit as 2^64. */
function renderRlimit({ type, soft, hard }: ContainerInfo['rlimits'][number]): string {
  const [low, high] = [soft, hard].map((limit) => (limit >= 2 ** 64 ? 'max' : limit));
  return `${type.slice('RLIMIT_'.length).toLowerCase()}=${low}:${high}`;
}

function renderMount({ destination, type, source, options = [] }: ContainerInfo['mounts'][number]): string {
  return `${destination}  ${type === 'bind' || type === undefined ? source : type}  ${options.join(',')}`;
}
