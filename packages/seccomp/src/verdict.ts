import { errnoName } from '@coracle/errors';
import type { SeccompAction } from '@coracle/oci-spec';

/** What a filter returns, without its data: SECCOMP_RET_* of linux/seccomp.h. */
const RETURN: Readonly<Record<SeccompAction, number>> = {
  SCMP_ACT_KILL_PROCESS: 0x80000000,
  SCMP_ACT_KILL: 0x00000000,
  SCMP_ACT_KILL_THREAD: 0x00000000,
  SCMP_ACT_TRAP: 0x00030000,
  SCMP_ACT_ERRNO: 0x00050000,
  SCMP_ACT_NOTIFY: 0x7fc00000,
  SCMP_ACT_TRACE: 0x7ff00000,
  SCMP_ACT_LOG: 0x7ffc0000,
  SCMP_ACT_ALLOW: 0x7fff0000,
};

const EPERM = 1;

/** What comes in place of the errno of `SCMP_ACT_ERRNO` where a call is too new to be in the profile. */
export const ENOSYS = 38;

/**
 * The value a filter returns for an action.
 * @param data the errno, or what the tracer gets; 16 bits; EPERM if absent
 * @example
 * verdictOf('SCMP_ACT_ERRNO', 38); // 0x50026
 */
export function verdictOf(action: SeccompAction, data: number = EPERM): number {
  const carriesData = action === 'SCMP_ACT_ERRNO' || action === 'SCMP_ACT_TRACE';
  return (RETURN[action] | (carriesData ? data & 0xffff : 0)) >>> 0;
}

/**
 * The action in a value that a filter returned.
 * @example
 * actionOf(0x50026); // 'SCMP_ACT_ERRNO'
 */
export function actionOf(value: number): SeccompAction {
  const wanted = (value & 0xffff0000) >>> 0;
  const found = (Object.keys(RETURN) as SeccompAction[]).find((action) => RETURN[action] === wanted);
  return found === 'SCMP_ACT_KILL' ? 'SCMP_ACT_KILL_THREAD' : (found ?? 'SCMP_ACT_KILL_PROCESS');
}

/**
 * How much an action takes away, as the kernel orders them: of several filters' verdicts the first in this order counts.
 * @returns smaller is stricter
 */
export function leniency(action: SeccompAction): number {
  return action === 'SCMP_ACT_KILL_PROCESS' ? -1 : RETURN[action];
}

/**
 * A verdict in words, for `explain` and {@link disassemble}.
 * @example
 * describeVerdict(0x50026); // 'fails with ENOSYS'
 */
export function describeVerdict(value: number): string {
  const data = value & 0xffff;
  switch (actionOf(value)) {
    case 'SCMP_ACT_ALLOW':
      return 'allowed';
    case 'SCMP_ACT_LOG':
      return 'allowed and logged';
    case 'SCMP_ACT_ERRNO':
      return `fails with ${errnoName(data) ?? `errno ${data}`}`;
    case 'SCMP_ACT_NOTIFY':
      return 'asks the listener';
    case 'SCMP_ACT_TRACE':
      return `asks the tracer (${data})`;
    case 'SCMP_ACT_TRAP':
      return 'sends SIGSYS';
    case 'SCMP_ACT_KILL_THREAD':
    case 'SCMP_ACT_KILL':
      return 'kills the thread';
    case 'SCMP_ACT_KILL_PROCESS':
      return 'kills the process';
  }
}
