import { errnoName } from '@coracle/errors';
import { type FilteredArchitecture, numbersOf } from '@coracle/seccomp';
import type { RunOptions } from '../../../src/index.ts';
import { ATTACKS, type AttackPrograms } from './attack-programs.ts';
import type { Way } from './ways.ts';

/** A call by its name, and its arguments as the program `call` takes them. */
export type Call = readonly [name: string, ...args: (string | number)[]];

/** What the kernel answered: a number, or the name of an errno. */
export type Answer = number | string;

/** How a call is made: as this machine's own, as a 32-bit program would (`int 0x80`), or as one of the x32 ABI. */
export type Door = '64' | '32' | 'x32';

const TABLES: Readonly<Record<Door, FilteredArchitecture>> = {
  '64': process.arch === 'arm64' ? 'SCMP_ARCH_AARCH64' : 'SCMP_ARCH_X86_64',
  '32': 'SCMP_ARCH_X86',
  x32: 'SCMP_ARCH_X86_64',
};

/** The command line that makes the calls one after the other, in one process. */
export function commandFor(
  calls: readonly Call[],
  { door = '64', directory = ATTACKS }: CommandOptions = {},
): string[] {
  const numbers = numbersOf(TABLES[door]);
  const words = calls.map(([name, ...args]) => {
    const number = numbers.get(name);
    if (number === undefined) throw new Error(`${TABLES[door]} has no call ${name}`);
    return [number, ...args].map(String);
  });
  return [`${directory}/call`, door, ...words.flatMap((one, index) => (index === 0 ? one : [',', ...one]))];
}

/** Which door, and where the program lies. */
export interface CommandOptions {
  door?: Door;
  directory?: string;
}

/** What a program that printed its results got. */
export function answersOf(stdout: string): Answer[] {
  return stdout
    .trim()
    .split('\n')
    .map(Number)
    .map((result) => (result < 0 ? (errnoName(-result) ?? `errno ${-result}`) : result));
}

/** Makes calls in a container and resolves with what the kernel answered to each. */
export async function callInside(
  way: Way,
  calls: readonly Call[],
  { attacks, door = '64', ...options }: RunOptions & { attacks: AttackPrograms; door?: Door },
): Promise<Answer[]> {
  const volumes = [...(options.volumes ?? []), attacks.volume];
  const { stdout, stderr } = await way.run(commandFor(calls, { door }), { ...options, volumes });
  if (stdout === '') throw new Error(`no answer: ${stderr}`);
  return answersOf(stdout);
}
