import fs from 'node:fs';
import { libc, syscallNumber } from '@coracle/syscalls';

/** The functions of `node:fs` by which a plan looks at the host. */
export const QUESTIONS = [
  'accessSync',
  'existsSync',
  'lstatSync',
  'readFileSync',
  'readdirSync',
  'readlinkSync',
  'realpathSync',
  'statSync',
] as const;

/** System calls that only ask, with what they are asked in plain numbers. */
export const CALLS: readonly ['landlock_create_ruleset'] = ['landlock_create_ruleset'];

/** What is asked of `node:os`: who this user is. */
export const OF_USER = 'userInfo';

/** Something that was asked of the host, and its answer. */
export interface Fact {
  ask: (typeof QUESTIONS)[number] | (typeof CALLS)[number] | typeof OF_USER;
  args: readonly unknown[];
  answer: string;
}

/** Whether the host still answers as it did. */
export function holds({ ask, args, answer }: Fact): boolean {
  return answerTo(() => put({ ask, args }), args) === answer;
}

function put({ ask, args }: Pick<Fact, 'ask' | 'args'>): unknown {
  if (ask === OF_USER) return process.getBuiltinModule('node:os').userInfo();
  if (!isCall(ask)) return Reflect.apply(fs[ask], fs, args);
  const { arch, syscall } = libc();
  return syscall(syscallNumber(ask, arch) ?? -1, ...(args as number[]));
}

function isCall(ask: Exclude<Fact['ask'], typeof OF_USER>): ask is (typeof CALLS)[number] {
  return (CALLS as readonly string[]).includes(ask);
}

/**
 * An answer as text, as much of it as a plan can depend on.
 * @returns `undefined` when it has no text
 */
export function answerTo(ask: () => unknown, args: readonly unknown[]): string | undefined {
  try {
    const text = textOf(ask(), args);
    return text === undefined ? undefined : `=${text}`; // a file may have the name of an error in it
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
    return typeof code === 'string' ? `!${code}` : undefined;
  }
}

function textOf(value: unknown, [path]: readonly unknown[]): string | undefined {
  if (Array.isArray(value)) return value.every((name) => typeof name === 'string') ? value.join('/') : undefined;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  if (typeof value === 'object' && value !== null && 'username' in value) return String(value.username);
  if (typeof value === 'object' && value !== null)
    return 'ino' in value
      ? ['mode', 'uid', 'gid', 'rdev', 'dev', 'ino'].map((name) => Reflect.get(value, name)).join()
      : undefined;
  return path === '/proc/self/status' ? String(value).replaceAll(OF_THIS_PROCESS, '') : String(value);
}

/** What /proc/self/status says of the one process that asks, and is no right or restriction. See proc_pid_status(5). */
const OF_THIS_PROCESS =
  /^(?:Name|State|Tgid|Ngid|Pid|PPid|TracerPid|FDSize|NS[a-z]+|Vm\w+|Rss\w+|HugetlbPages|THP_enabled|Threads|Sig\w+|ShdPnd|\w*ctxt_switches):.*\n/gm;
