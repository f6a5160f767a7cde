import { SystemError } from '@coracle/errors';
import { close, flags, OPEN, openat, resultOf, type Step, setns, unshare, write } from '@coracle/syscalls';
import { namespaceFlags } from './namespace-type.ts';

/** How far a clock is shifted; negative seconds set it back, nanoseconds always count forward. */
export interface ClockOffset {
  seconds: bigint | number;
  /** 0 to 999,999,999; 0 if absent. */
  nanoseconds?: number;
}

/** The clocks a time namespace can shift; one left out keeps the time of the parent namespace. CLOCK_REALTIME never shifts. */
export interface TimeOffsets {
  /** CLOCK_MONOTONIC and its coarse and raw kin. */
  monotonic?: ClockOffset;
  /** CLOCK_BOOTTIME, hence also the uptime. */
  boottime?: ClockOffset;
}

/**
 * Steps that make a time namespace for the next child of the process that takes them, and shift its clocks.
 *
 * They come before {@link cloneInit}, whose `namespaces` then leave `time` out: the offsets must be written before the
 * first process enters, and a child made by clone3 with CLONE_NEWTIME is inside at once.
 *
 * Needs CAP_SYS_ADMIN and CAP_SYS_TIME where they are taken; so it is not for containers of ordinary users, which
 * {@link enterTimeOffsets} is for.
 * @throws SystemError EINVAL for seconds that are no integer, or nanoseconds out of range
 * @see time_namespaces(7) (since Linux 5.6)
 * @example
 * [...timeOffsets({ boottime: { seconds: -3600 } }), ...cloneInit({ namespaces: ['pid', 'mount'] })];
 */
export function timeOffsets(offsets: TimeOffsets): Step[] {
  const why = "shift the container's clocks";
  const fd = resultOf('timens offsets');
  const lines = [line('monotonic', offsets.monotonic), line('boottime', offsets.boottime)].join('');
  if (lines === '') return [unshare(namespaceFlags(['time']), 'give the container clocks of its own')];
  return [
    unshare(namespaceFlags(['time']), 'give the container clocks of its own'),
    openat(
      { path: '/proc/self/timens_offsets', flags: flags(OPEN, 'O_WRONLY', 'O_CLOEXEC') },
      { why, result: 'timens offsets' },
    ),
    write({ fd, data: lines }, why),
    close(fd, why),
  ];
}

/**
 * Steps that make a time namespace, shift its clocks, and enter it: for a first process that is in a user namespace of its own by
 * birth, which then owns its clocks too. {@link cloneInit}'s `namespaces` leave `time` out.
 *
 * Needs CAP_SYS_ADMIN and CAP_SYS_TIME in the user namespace where they are taken, the host's /proc, and a process that is dumpable
 * and has one thread.
 * @throws SystemError EINVAL for seconds that are no integer, or nanoseconds out of range
 * @see time_namespaces(7), setns(2)
 * @example
 * const child = enterTimeOffsets({ boottime: { seconds: -3600 } }).map((step) => ({ ...step, only: 'child' as const }));
 * [...cloneInit({ namespaces: ['user', 'pid', 'mount'] }), ...child];
 */
export function enterTimeOffsets(offsets: TimeOffsets): Step[] {
  const why = 'have the shifted clocks itself';
  const fd = resultOf('shifted clocks');
  return [
    ...timeOffsets(offsets),
    openat(
      { path: '/proc/self/ns/time_for_children', flags: flags(OPEN, 'O_RDONLY', 'O_CLOEXEC') },
      { why, result: 'shifted clocks' },
    ),
    setns({ fd, flags: namespaceFlags(['time']) }, why),
    close(fd, why),
  ];
}

function line(clock: keyof TimeOffsets, offset: ClockOffset | undefined): string {
  if (!offset) return '';
  const { seconds, nanoseconds = 0 } = offset;
  const whole = typeof seconds === 'bigint' || Number.isSafeInteger(seconds);
  const inRange = Number.isInteger(nanoseconds) && nanoseconds >= 0 && nanoseconds < 1e9;
  if (!whole || !inRange)
    throw new SystemError({
      code: 'EINVAL',
      syscall: 'write',
      path: '/proc/self/timens_offsets',
      text: `the offset of the ${clock} clock is ${seconds} s and ${nanoseconds} ns`,
      hint: 'give whole seconds, and nanoseconds from 0 to 999999999',
    });
  return `${clock} ${seconds} ${nanoseconds}\n`;
}
