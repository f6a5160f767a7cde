import type { BigIntStats } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import type { Limits } from '@coracle/cgroups';
import type { RootSource } from '@coracle/chroot-fs';
import { SystemError } from '@coracle/errors';
import { type IdMaps, isMapped } from '@coracle/namespaces';
import { type Config, defaultConfig } from '@coracle/oci-spec';
import { devicesFor } from '../devices/config-devices.ts';
import { lookUpUser } from '../ids/users.ts';
import { labelsFor } from '../labels/config-labels.ts';
import type { SecurityModules } from '../labels/security-modules.ts';
import { lookAt } from '../look-at.ts';
import { checkPlace, checkString } from '../options/check-string.ts';
import { checkKnown } from '../options/known-options.ts';
import { OptionError } from '../options/option-error.ts';
import { checkValues } from '../options/option-values.ts';
import type { ContainerOptions, RootOption } from '../options/options.ts';
import { limitsFor } from './config-limits.ts';
import { mountsFor } from './config-mounts.ts';
import { rlimitsFor } from './config-rlimits.ts';
import { securityFor } from './config-security.ts';
import { sysctlsFor } from './config-sysctls.ts';

/** What a configuration depends on beside the options. */
export interface ConfigureContext {
  id: string;
  inUserNamespace: boolean;
  /** Whether it has the group `tty`, 5, to which new terminals belong; without a user namespace if absent. */
  hasTty?: boolean;
  /** Its maps, where the caller can give files of the host the ids of the container. */
  fileIds?: IdMaps | undefined;
  /** Capabilities that the container can have. */
  available: bigint;
  /** Who else judges what it does. */
  modules: SecurityModules;
  /** Paths of the kernel that this machine has and no container is to read, beside the usual ones; none if absent. */
  hidden?: readonly string[] | undefined;
}

/** A configuration and the parts of a container that the OCI format has no words for. */
export interface Configured {
  config: Config;
  root: RootSource;
  isHostRoot: boolean;
  limits: Limits;
}

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/;

/**
 * Options to an OCI runtime configuration: the first station of the one road that every container takes.
 * @throws {OptionError} for options that cannot be meant, SystemError for paths that are not there and for profiles and labels
 *   of a security module that is not at work
 */
export function configure(
  options: ContainerOptions,
  { id, inUserNamespace, hasTty = !inUserNamespace, fileIds, available, modules, hidden }: ConfigureContext,
): Configured {
  checkKnown(options);
  checkValues(options);
  checkCommand(options.command);
  if (options.name !== undefined) checkName(options.name);
  if (options.hostname !== undefined) checkHostname(options.hostname);
  const root = rootSource(options.root ?? 'host', { inUserNamespace, fileIds });
  const rootPath = root.kind === 'tmpfs' ? '/' : root.path;
  const user = lookUpUser(options.user ?? '0', rootPath);
  const hostname = options.hostname ?? usualHostname(options, id);
  const base = defaultConfig({ args: [...options.command] });
  const devices = devicesFor(options);
  const security = securityFor(options, base, { available, hidden });
  const labels = labelsFor(options, modules);
  const terminal = options.terminal;
  const config: Config = {
    ...base,
    root: { path: rootPath, readonly: options.readOnly === true },
    hostname,
    process: {
      ...base.process,
      args: [...options.command],
      cwd: workingDirectory(options.cwd ?? '/'),
      env: environment(options, { hostname, home: user.home, base: base.process?.env ?? [] }),
      user: { uid: user.uid, gid: user.gid, additionalGids: user.additionalGids, umask: 0o022 },
      ...security.process,
      ...labels.process,
      rlimits: rlimitsFor(options.rlimits ?? {}),
      ...(terminal ? { terminal: true, consoleSize: { height: terminal.rows, width: terminal.columns } } : {}),
    },
    mounts: mountsFor(options, {
      defaults: base.mounts ?? [],
      root,
      inUserNamespace,
      hasTty,
      canMapIds: fileIds !== undefined,
      devices: devices.volumes,
    }),
    linux: {
      ...base.linux,
      ...security.linux,
      ...labels.linux,
      ...(devices.rules
        ? { resources: { ...base.linux?.resources, devices: devices.rules.map((rule) => ({ ...rule })) } }
        : {}),

      sysctl: sysctlsFor(options, inUserNamespace),
      namespaces: namespaces(options, base, inUserNamespace),
    },
  };
  return { config, root, isHostRoot: root.kind === 'tmpfs', limits: limitsFor(options.limits ?? {}) };
}

function checkCommand(command: readonly string[]): void {
  const [program] = command;
  if (program === undefined || program === '')
    throw new OptionError('command', 'no program to run', 'name one: coracle run bash');
  for (const argument of command) checkString('command', argument);
}

/**
 * @throws {OptionError} for a name that cannot be a file's name or would be hard to type
 */
export function checkName(name: string): void {
  if (!NAME.test(name)) {
    throw new OptionError(
      'name',
      `'${name}' cannot be the name of a container`,
      'use 1 to 128 letters, digits, _ . or -, starting with a letter or digit',
    );
  }
}

function rootSource(
  option: RootOption,
  { inUserNamespace, fileIds }: Pick<ConfigureContext, 'inUserNamespace' | 'fileIds'>,
): RootSource {
  if (option === 'host') return { kind: 'tmpfs' };
  const path = resolve(typeof option === 'string' ? option : option.path);
  const stats = lookAt(path, {
    option: 'root',
    step: 'use it as root',
    hints: {
      ENOENT: 'the root of a container is a directory with programs in it, such as an unpacked image',
      EACCES: `make it readable for you: ls -ld ${path}`,
    },
  });
  if (!stats.isDirectory())
    throw new SystemError({
      code: 'ENOTDIR',
      syscall: 'open_tree',
      path,
      step: 'use it as root',
      hint: 'the root of a container is a directory; unpack an archive first',
    });
  const idmapped = fileIds !== undefined && !isOwned(stats, fileIds);
  return typeof option === 'object' && option.overlay
    ? { kind: 'overlay', path, inUserNamespace, idmapped }
    : { kind: 'bind', path, idmapped };
}

/** A tree that was given to the container's ids already (chown) is used as it is. */
function isOwned({ uid, gid }: BigIntStats, { uids, gids }: IdMaps): boolean {
  return isMapped(uids, { hostId: Number(uid) }) && isMapped(gids, { hostId: Number(gid) });
}

function workingDirectory(path: string): string {
  checkPlace('cwd', path);
  if (!isAbsolute(path))
    throw new OptionError(
      'cwd',
      `the working directory '${path}' is not absolute`,
      `write it from the root of the container: /${path}`,
    );
  return path;
}

/** A name is a word in a line of /etc/hosts: with a line break in it, it would give other names other addresses. */
function checkHostname(hostname: string): void {
  checkString('hostname', hostname);
  if (/[\s\p{Cc}]/u.test(hostname))
    throw new OptionError(
      'hostname',
      `${JSON.stringify(hostname)} cannot be a hostname: it has white space or control characters in it`,
      'choose one of letters, digits, `-` and `.`',
    );
}

/** As with Docker: who shares the network of the host has its name, too, which is the one that the host's /etc/hosts tells of. */
function usualHostname({ network }: ContainerOptions, id: string): string {
  return network === 'host' ? process.getBuiltinModule('node:os').hostname() : id.slice(0, 12);
}

function environment(
  { env = {}, terminal }: ContainerOptions,
  { hostname, home, base }: { hostname: string; home: string; base: readonly string[] },
): string[] {
  const variables = new Map(
    base.map((variable): [string, string] => [
      variable.slice(0, variable.indexOf('=')),
      variable.slice(variable.indexOf('=') + 1),
    ]),
  );
  variables.set('HOSTNAME', hostname);
  variables.set('HOME', home);
  if (terminal) variables.set('TERM', 'xterm');
  for (const [name, value] of Object.entries(env)) {
    if (name === '' || name.includes('='))
      throw new OptionError('env', `'${name}' cannot be the name of a variable`, 'write NAME=VALUE');
    checkString('env', name);
    checkString('env', value);
    variables.set(name, value);
  }
  return [...variables].map(([name, value]) => `${name}=${value}`);
}

function namespaces(
  { network = 'none' }: ContainerOptions,
  base: Config,
  inUserNamespace: boolean,
): NonNullable<NonNullable<Config['linux']>['namespaces']> {
  const wanted = (base.linux?.namespaces ?? []).filter(
    ({ type }) => type !== 'user' && (type !== 'network' || network === 'none'),
  );
  return inUserNamespace ? [{ type: 'user' }, ...wanted] : wanted;
}
