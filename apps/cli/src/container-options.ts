import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { type ContainerOptions, type LimitOptions, parseUserNamespace, type RlimitOption } from '@coracle/container';
import { type Options, UsageError } from './arguments.ts';
import { mountOptions } from './mount-options.ts';
import { messageOf } from './render/error.ts';
import { securityOptions } from './security-options.ts';
import { stateRootOf } from './state-root.ts';

/** What of the caller's surroundings the command line may refer to. */
export interface Surroundings {
  env: Readonly<Record<string, string | undefined>>;
}

/**
 * Command-line options to the library's.
 * @throws {UsageError} for values that cannot be read; OptionError for mounts that cannot be meant
 */
export function containerOptions(options: Options, words: readonly string[], { env }: Surroundings): ContainerOptions {
  const network = options.text('network');
  if (network !== undefined && network !== 'none' && network !== 'host')
    throw new UsageError(
      `--network ${network}: there are only none and host`,
      'write --network none or --network host',
    );
  const given: Partial<ContainerOptions> = {
    root: rootOption(options.text('rootfs')),
    name: options.text('name'),
    hostname: options.text('hostname'),
    cwd: options.text('workdir'),
    user: options.text('user'),
    network,
    readOnly: options.has('read-only'),
    init: options.has('init'),
    userNamespace: userNamespace(options.text('userns')),
    stateRoot: stateRootOf(env),
  } as Partial<ContainerOptions>;
  return {
    ...withoutUndefined(given),
    ...securityOptions(options),
    command: words,
    env: variables(options, env),
    limits: limits(options),
    rlimits: Object.fromEntries(options.list('ulimit').map(ulimit)),
    ...mountOptions(options),
  };
}

function withoutUndefined<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}

function rootOption(text: string | undefined): ContainerOptions['root'] | undefined {
  if (text === undefined) return undefined;
  if (text === '') throw new UsageError('--rootfs needs a directory', 'write --rootfs ./rootfs');
  return text.endsWith(':O') ? { path: text.slice(0, -2), overlay: true } : `${text}` === 'host' ? './host' : text;
}

function userNamespace(text: string | undefined): ContainerOptions['userNamespace'] | undefined {
  return text === undefined ? undefined : parseUserNamespace(text);
}

function variables(options: Options, env: Surroundings['env']): Record<string, string> {
  const lines = [...options.list('env-file').flatMap(readLines), ...options.list('env')];
  const entries = lines.flatMap((line): [string, string][] => {
    const at = line.indexOf('=');
    if (line === '' || at === 0)
      throw new UsageError(`--env '${line}': no variable is named`, "write -e NAME=VALUE, or -e NAME for the caller's");
    if (at >= 0) return [[line.slice(0, at), line.slice(at + 1)]];
    // `process.env` inherits from Object: `-e constructor` is no variable of the caller.
    const inherited = Object.hasOwn(env, line) ? env[line] : undefined;
    return inherited === undefined ? [] : [[line, inherited]];
  });
  return Object.fromEntries(entries);
}

/** Lines of an environment file as Docker reads it: comments begin with #, quotes mean nothing. */
function readLines(path: string): string[] {
  const wrong = (place: string, reason: string): UsageError =>
    new UsageError(`--env-file ${place}: ${reason}`, 'name a file with lines NAME=VALUE');
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw wrong(path, messageOf(cause));
  }
  if (!isUtf8(bytes)) throw wrong(path, 'not text in UTF-8');
  return bytes
    .toString()
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line) => line.trimStart())
    .flatMap((line, index) => {
      if (line === '' || line.startsWith('#')) return [];
      const [name = ''] = line.split('=', 1);
      if (name === '' || /\s/.test(name))
        throw wrong(`${path}:${index + 1}`, `'${name}' cannot be the name of a variable`);
      if (line.includes('\0')) throw wrong(`${path}:${index + 1}`, 'holds a NUL, which no variable can');
      return [line];
    });
}

function limits(options: Options): LimitOptions {
  const [memory, withSwap] = [options.text('memory'), options.text('memory-swap')];
  const [pids, cpus] = [options.text('pids-limit'), options.text('cpus')];
  return {
    ...(memory === undefined ? {} : { memory }),
    ...(withSwap === undefined || withSwap === '0' ? {} : { memoryWithSwap: withSwap === '-1' ? 'max' : withSwap }),
    ...(pids === undefined
      ? {}
      : { pids: pids === '-1' || pids === '0' || pids === 'max' ? 'max' : numberOf('pids-limit', pids) }),
    ...(cpus === undefined ? {} : { cpus: cpus === 'max' ? 'max' : numberOf('cpus', cpus) }),
  };
}

function numberOf(option: string, text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text))
    throw new UsageError(`--${option} ${text}: not a number`, `write --${option} ${option === 'cpus' ? '0.5' : '100'}`);
  return Number(text);
}

const ULIMIT = /^(?<name>\w+)=(?<soft>\d+|-1|max|unlimited)(?::(?<hard>\d+|-1|max|unlimited))?$/;

/** Docker's `NAME=SOFT[:HARD]`, where -1 is no limit. */
function ulimit(text: string): [string, RlimitOption] {
  const { name, soft, hard } = ULIMIT.exec(text)?.groups ?? {};
  if (name === undefined || soft === undefined)
    throw new UsageError(
      `--ulimit ${text}: cannot be read`,
      'write --ulimit nofile=1024, or both limits: --ulimit nofile=1024:4096; -1 is no limit',
    );
  return [name, hard === undefined ? amount(soft) : { soft: amount(soft), hard: amount(hard) }];
}

function amount(text: string): number | 'max' {
  return /^\d/.test(text) ? Number(text) : 'max';
}
