import type { Isolation } from './isolation.ts';

/** Which limit a container ran into. */
export type LimitHit = 'memory' | 'pids' | 'time' | 'output';

/** How a container ended, and what it used. A failing program is a result like any other. */
export interface Result {
  /** What the program returned; `undefined` when a signal ended it. */
  exitCode: number | undefined;
  /** The signal that ended it: `'SIGKILL'`. */
  signal: NodeJS.Signals | undefined;
  /** Whether it was ended because its time was up. */
  timedOut: boolean;
  /** Whether the kernel killed something in it for want of memory. */
  oomKilled: boolean;
  /** The limit it ran into, if any; the weightiest when there were several. */
  limitHit: LimitHit | undefined;
  /** From the start of the program to its end, in milliseconds. */
  duration: number;
  /** Processor time used by all its processes, in milliseconds. Without a cgroup: of those that were waited for. */
  cpuTime: number;
  /** The most memory it used at any time, in bytes. Without a cgroup: the largest resident set of one process. */
  peakMemory: number;
  /** What was really in force. */
  isolation: Isolation;
  /** With `security.seccomp: 'log'`: the system calls that were blocked, and how often each was tried. */
  blockedCalls?: Readonly<Record<string, number>>;
}

/** A result with what the program wrote, where that was kept. */
export interface RunResult extends Result {
  stdout: string;
  stderr: string;
}

/** Loaded where it is needed: few containers are ended by a signal, and all of them wait for what is loaded before. */
function signals(): Readonly<Record<string, number>> {
  return process.getBuiltinModule('node:os').constants.signals;
}

/** The name of a signal number. */
export function signalName(number: number): NodeJS.Signals {
  const known = Object.entries(signals()).find(([, one]) => one === number);
  return (known?.[0] ?? `SIG${number}`) as NodeJS.Signals;
}

/**
 * The number of a signal given by name (with or without SIG) or number.
 * @returns `undefined` when there is no such signal
 * @example
 * signalNumber('TERM'); // 15
 */
export function signalNumber(signal: string | number): number | undefined {
  const number = typeof signal === 'number' ? signal : /^\d+$/.test(signal) ? Number(signal) : undefined;
  if (number !== undefined) return number >= 1 && number <= 64 ? number : undefined;
  const name = String(signal).toUpperCase();
  return signals()[name.startsWith('SIG') ? name : `SIG${name}`];
}

/**
 * The exit code by which a command passes a result on: the program's own, or 128 and the signal's number, as shells have it.
 * @example
 * process.exitCode = exitCodeOf(result);
 */
export function exitCodeOf({ exitCode, signal }: Pick<Result, 'exitCode' | 'signal'>): number {
  return exitCode ?? 128 + (signal === undefined ? 0 : (signalNumber(signal) ?? 0));
}
