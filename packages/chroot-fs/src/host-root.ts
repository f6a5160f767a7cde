import { lstatSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import {
  close,
  flags,
  mkdirat,
  OPEN,
  openat,
  openat2,
  type Purpose,
  resultOf,
  type Step,
  sendfile,
  symlinkat,
  write,
} from '@coracle/syscalls';
import { parseMountOptions } from './mount-options.ts';
import { attach, cloneTree, IN_ROOT, openMountpoint } from './mounts.ts';

/** What of the host a container in the `host` root sees; everything else is its own and empty. */
export interface HostRoot {
  /** Links such as /bin -> usr/bin, made again. */
  links: readonly { path: string; target: string }[];
  /** Small files, of which the container gets copies. */
  copied: readonly string[];
  /** Shown read-only. */
  shown: readonly { path: string; kind: 'file' | 'directory' }[];
}

const PROGRAMS = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];

/**
 * Of /etc only what programs need to run; nothing secret (the keys in /etc/ssl/private), nothing about the services of
 * this machine.
 */
const SETTINGS = [
  'alternatives',
  'bash.bashrc',
  'crypto-policies',
  'group',
  'inputrc',
  'ld.so.cache',
  'locale.alias',
  'localtime',
  'nsswitch.conf',
  'passwd',
  'pki/ca-trust/extracted',
  'pki/tls/certs',
  'profile',
  'profile.d',
  'protocols',
  'resolv.conf',
  'services',
  'ssl/certs',
  'ssl/openssl.cnf',
  'timezone',
].map((name) => `/etc/${name}`);

/** Larger files are shown instead of copied: a copy costs its size at every start, showing a file a mount. */
const COPY_LIMIT = 16 * 1024;
const HOSTS = '/etc/hosts';

/** Directories of the container's own, with their modes. */
const OWN = [
  ['etc', 0o755],
  ['home', 0o755],
  ['root', 0o700],
  ['tmp', 0o1777],
  ['run', 0o755],
  ['var', 0o755],
  ['var/tmp', 0o1777],
  ['proc', 0o555],
  ['sys', 0o555],
  ['dev', 0o755],
] as const;

/** Directories of a furnished `host` root that are the container's own, and nothing of the host is in them. */
export const HOST_ROOT_OWN: readonly string[] = ['/home', '/root', '/run', '/tmp', '/var'];

/**
 * Looks at the host: which of its program directories and settings there are.
 * @example
 * const root = inspectHost();
 */
export function inspectHost(): HostRoot {
  const links: { path: string; target: string }[] = [];
  const copied: string[] = [];
  const shown: { path: string; kind: 'file' | 'directory' }[] = [];
  for (const path of [...PROGRAMS, ...SETTINGS]) {
    const entry = lstatSync(path, { throwIfNoEntry: false });
    const target = entry?.isSymbolicLink() ? readlinkSync(path) : undefined;
    const stats = target === undefined ? entry : statSync(path, { throwIfNoEntry: false });
    // A link that leads elsewhere than to the programs (/run/systemd/resolve ...) is followed: its end need not be inside.
    if (target !== undefined && (PROGRAMS.includes(path) || target.startsWith('/usr/'))) links.push({ path, target });
    else if (stats?.isDirectory()) shown.push({ path, kind: 'directory' });
    else if (stats?.isFile() && stats.size <= COPY_LIMIT) copied.push(path);
    else if (stats?.isFile()) shown.push({ path, kind: 'file' });
  }
  return { links, copied, shown };
}

/**
 * What /etc/resolv.conf of the host says; `undefined` where there is none, or none that is worth a copy.
 * @example
 * const text = resolvConfText();
 */
export function resolvConfText(): string | undefined {
  return textWorthACopy('/etc/resolv.conf');
}

/**
 * What /etc/hosts of the host says, for containers that share its network; `undefined` where there is none, or none that is worth a
 * copy.
 * @example
 * const text = hostsTextOfHost() ?? hostsText('box');
 */
export function hostsTextOfHost(): string | undefined {
  return textWorthACopy(HOSTS);
}

function textWorthACopy(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isFile() && stats.size <= COPY_LIMIT ? readFileSync(path, 'utf8') : undefined;
}

/**
 * What /etc/hosts of a container says: the local names, and its own.
 * @example
 * hostsText('box');
 */
export function hostsText(hostname: string): string {
  return `127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n127.0.1.1\t${hostname}\n`;
}

/**
 * What /etc/hostname of a container says.
 * @example
 * hostnameText('box'); // 'box\n'
 */
export function hostnameText(hostname: string): string {
  return `${hostname}\n`;
}

/**
 * Steps that furnish an empty root in memory (the result `'rootfs'`) as the `host` root.
 * @param root what {@link inspectHost} found
 * @example
 * [...enterNewRoot({ kind: 'tmpfs' }), ...furnishHostRoot(inspectHost(), { hostname: 'box' })];
 */
export function furnishHostRoot(root: HostRoot, { hostname }: { hostname: string }): Step[] {
  const dir = resultOf('rootfs');
  const opened = new Set<string>();
  const readOnly = parseMountOptions(['rbind', 'ro', 'nosuid']);
  return [
    ...OWN.map(([path, mode]) => mkdirat({ dir, path, mode }, `give the container a /${path} of its own`)),
    ...root.links.flatMap(({ path, target }) => makeLink(path.slice(1), target)),
    ...root.shown.flatMap(({ path, kind }) => {
      const why = `show the host's ${path}, read-only`;
      return [
        ...cloneTree({ source: path, options: readOnly }, why),
        ...openMountpoint({ root: dir, path, kind }, why, opened),
        attach('mount', why),
      ];
    }),
    ...root.copied.flatMap(copyFile),
    ...writeFile('etc/hostname', hostnameText(hostname)),
    ...(root.copied.includes(HOSTS) ? [] : writeFile(HOSTS.slice(1), hostsText(hostname))),
  ];
}

function makeLink(path: string, target: string): Step[] {
  const why = `make the link /${path}`;
  return [...makeParents(path, why), symlinkat({ target, dir: resultOf('rootfs'), path }, why)];
}

/** The kernel copies: what the files say is no part of the program. One that the caller may not read is left out. */
function copyFile(source: string): Step[] {
  const why = `copy the host's ${source}`;
  const found = flags(OPEN, 'O_RDONLY', 'O_NONBLOCK', 'O_CLOEXEC');
  return [
    ...makeParents(source.slice(1), why),
    openat({ path: source, flags: found }, { why, result: 'source', tolerate: ['EACCES', 'ENOENT'] }),
    createFile(source.slice(1), { why, result: 'file', needs: 'source' }),
    sendfile({ from: resultOf('source'), to: resultOf('file'), length: COPY_LIMIT }, why),
    close(resultOf('file'), why),
    close(resultOf('source'), why),
  ];
}

/** Settings lie in /etc itself, which is there already, or in directories of it, which must be there before them. */
function makeParents(path: string, why: string): Step[] {
  const parents = path.split('/').slice(1, -1);
  return parents.map((_, index) =>
    mkdirat(
      { dir: resultOf('rootfs'), path: ['etc', ...parents.slice(0, index + 1)].join('/') },
      { why, tolerate: ['EEXIST'] },
    ),
  );
}

/** Closed again at once: a root on which a file is open for writing cannot be made read-only (EBUSY). */
function writeFile(path: string, text: string): Step[] {
  const why = `write /${path}`;
  return [
    createFile(path, { why, result: 'file' }),
    write({ fd: resultOf('file'), data: text }, why),
    close(resultOf('file'), why),
  ];
}

function createFile(path: string, purpose: Purpose): Step {
  const create = flags(OPEN, 'O_WRONLY', 'O_CREAT', 'O_EXCL', 'O_CLOEXEC');
  return openat2({ dir: resultOf('rootfs'), path, flags: create, mode: 0o644, resolve: IN_ROOT }, purpose);
}
