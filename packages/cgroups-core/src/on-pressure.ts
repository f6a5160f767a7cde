import { closeSync, existsSync, openSync, writeSync } from 'node:fs';
import { isErrno, SystemError } from '@coracle/errors';
import type { DescriptorWatcher } from './descriptor-watcher.ts';
import { type EventSource, EventStream, type Watcher } from './event-stream.ts';
import type { Group } from './group.ts';
import { readValue } from './read-value.ts';
import type { PressureStats, Stall } from './stats.ts';
import { parsePressure } from './stats-text.ts';

/** When to be told. */
export interface PressureTrigger {
  /** What is waited for. */
  resource: keyof PressureStats;
  /** `'some'`: while at least one process waits; `'full'`: while all do. */
  share: 'some' | 'full';
  /** How much waiting is too much, within a window. */
  stallMilliseconds: number;
  /** From 500 to 10000. Without CAP_SYS_RESOURCE the kernel takes whole multiples of 2000 only. */
  windowMilliseconds: number;
  /** Ends the events, with its own reason as the error. */
  signal?: AbortSignal | undefined;
  /** Has the kernel watch. Without it the file is read once a window, which tells the same, up to a window later. */
  descriptors?: DescriptorWatcher | undefined;
}

/** There was too much waiting. */
export interface PressureEvent {
  /** The averages and the total now. */
  stall: Stall;
  /** Waiting since the last event, or since the watching began. */
  stalledNanoseconds: bigint;
}

/** How often the trigger was met, and what was read then. */
export interface PressureState {
  met: number;
  stall: Stall;
}

/**
 * Tells when processes wait too long for processors, memory or disks: at most once a window. Watches from the call on.
 * @param target a group (version 2), or `'machine'`
 * @throws SystemError EOPNOTSUPP where the kernel does not measure it, EINVAL for a trigger it does not take, EACCES, EPERM
 * @see the kernel's accounting/psi, "Monitoring for pressure thresholds"
 * @example
 * const trigger: PressureTrigger = { resource: 'memory', share: 'some', stallMilliseconds: 200, windowMilliseconds: 2000 };
 * for await (const { stall } of onPressure('machine', trigger)) console.log(stall.avg10Percent);
 */
export function onPressure(
  target: Pick<Group, 'directories'> | 'machine',
  trigger: PressureTrigger,
): EventStream<PressureState, PressureEvent> {
  checkTrigger(trigger);
  const file = fileOf(target, trigger);
  const { descriptors, signal } = trigger;
  const source = descriptors ? byKernel(file, trigger, descriptors) : byLooking(file, trigger);
  return new EventStream(source, {
    signal,
    between: (before, after) =>
      after.met === before.met
        ? []
        : [{ stall: after.stall, stalledNanoseconds: after.stall.totalNanoseconds - before.stall.totalNanoseconds }],
  });
}

function checkTrigger({ stallMilliseconds, windowMilliseconds }: PressureTrigger): void {
  const isGood =
    windowMilliseconds >= 500 &&
    windowMilliseconds <= 10_000 &&
    stallMilliseconds > 0 &&
    stallMilliseconds <= windowMilliseconds;
  if (isGood) return;
  throw new SystemError({
    code: 'EINVAL',
    syscall: 'onPressure',
    detail: `${stallMilliseconds} ms in ${windowMilliseconds} ms`,
    text: 'cannot be the trigger',
    hint: 'the window is from 500 to 10000 ms long, and what is too much is no longer than the window',
  });
}

function fileOf(target: Pick<Group, 'directories'> | 'machine', { resource, share }: PressureTrigger): string {
  const candidates =
    target === 'machine'
      ? [`/proc/pressure/${resource}`]
      : target.directories.map((directory) => `${directory}/${resource}.pressure`);
  const file = candidates.find((path) => existsSync(path));
  // A kernel that was not told to measure shows the files and opens none of them.
  if (file !== undefined && parsePressure(readValue(file))?.[share]) return file;
  throw new SystemError({
    code: 'EOPNOTSUPP',
    syscall: 'onPressure',
    path: file ?? candidates[0],
    text: `the kernel does not measure ${share} pressure on ${resource} here`,
    hint: "it does so in groups of version 2 and for the 'machine', with CONFIG_PSI and where it was booted with psi=1",
  });
}

function read(file: string, { share }: PressureTrigger): Stall | undefined {
  return parsePressure(readValue(file))?.[share];
}

function byKernel(file: string, trigger: PressureTrigger, descriptors: DescriptorWatcher): EventSource<PressureState> {
  let met = 0;
  return {
    watch({ changed }) {
      const fd = openTrigger(file, trigger);
      const stop = descriptors.onReady(fd, 'priority', () => {
        met++;
        changed();
      });
      return () => {
        stop();
        closeSync(fd);
      };
    },
    read: () => withStall(met, read(file, trigger)),
  };
}

/** The trigger lives as long as its descriptor. The file is one that the kernel named: `cpu.pressure` and its like. */
function openTrigger(file: string, { share, stallMilliseconds, windowMilliseconds }: PressureTrigger): number {
  const value = `${share} ${Math.round(stallMilliseconds * 1000)} ${Math.round(windowMilliseconds * 1000)}`;
  let fd: number | undefined;
  try {
    fd = openSync(file, 'r+');
    // The kernel puts the end of its text where the last byte is.
    writeSync(fd, `${value}\n`);
    return fd;
  } catch (cause) {
    if (fd !== undefined) closeSync(fd);
    if (!isErrno(cause, 'EINVAL', 'EACCES', 'EPERM')) throw cause;
    throw new SystemError({
      code: isErrno(cause, 'EINVAL') ? 'EINVAL' : 'EACCES',
      syscall: fd === undefined ? 'open' : 'write',
      path: file,
      detail: `value ${JSON.stringify(value)}`,
      hint: isErrno(cause, 'EINVAL')
        ? 'without CAP_SYS_RESOURCE the window has to be a multiple of 2000 ms'
        : 'a trigger is written to the file: be root, own the group, or leave descriptors out, which only reads',
      cause,
    });
  }
}

function byLooking(file: string, trigger: PressureTrigger): EventSource<PressureState> {
  const threshold = BigInt(Math.round(trigger.stallMilliseconds * 1e6));
  let met = 0;
  let total: bigint | undefined;
  const look = ({ changed, gone, failed }: Watcher): void => {
    try {
      const now = read(file, trigger)?.totalNanoseconds;
      if (now !== undefined && total !== undefined && now - total >= threshold) met++;
      total = now;
      if (now === undefined) gone();
      else changed();
    } catch (error) {
      failed(error);
    }
  };
  return {
    watch(watcher) {
      total = read(file, trigger)?.totalNanoseconds;
      const timer = setInterval(look, trigger.windowMilliseconds, watcher);
      return () => clearInterval(timer);
    },
    read: () => withStall(met, read(file, trigger)),
  };
}

function withStall(met: number, stall: Stall | undefined): PressureState | undefined {
  return stall && { met, stall };
}
