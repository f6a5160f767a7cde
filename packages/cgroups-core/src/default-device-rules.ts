import type { DeviceRule } from './device-rule.ts';

/**
 * What Docker and runc let a container do with devices: use the harmless ones, and make any node (which without a rule that
 * allows to open it is of no use). But for one: /dev/console by its own number is the host's; a container's is a terminal of its own.
 * @example
 * DEFAULT_DEVICE_RULES.map(formatDeviceRule); // ['a *:* rwm', 'c *:* m', 'b *:* m', 'c 1:3 rwm', ...]
 */
export const DEFAULT_DEVICE_RULES: readonly DeviceRule[] = [
  { allow: false, type: 'a', access: 'rwm' },
  { allow: true, type: 'c', access: 'm' },
  { allow: true, type: 'b', access: 'm' },
  // Those without hardware behind them, and terminals.
  { allow: true, type: 'c', major: 1, minor: 3, access: 'rwm' }, // null
  { allow: true, type: 'c', major: 1, minor: 5, access: 'rwm' }, // zero
  { allow: true, type: 'c', major: 1, minor: 7, access: 'rwm' }, // full
  { allow: true, type: 'c', major: 1, minor: 8, access: 'rwm' }, // random
  { allow: true, type: 'c', major: 1, minor: 9, access: 'rwm' }, // urandom
  { allow: true, type: 'c', major: 5, minor: 0, access: 'rwm' }, // tty
  { allow: true, type: 'c', major: 5, minor: 2, access: 'rwm' }, // ptmx
  { allow: true, type: 'c', major: 136, access: 'rwm' }, // pts/0 and on
];
