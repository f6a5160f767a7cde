import type { DeviceRule } from './device-rule.ts';
import { parseDeviceRule } from './device-rule-text.ts';

/** What a container's processes may have besides making nodes: those without hardware behind them, and terminals. */
const HARMLESS = [
  'c 1:3', // null
  'c 1:5', // zero
  'c 1:7', // full
  'c 1:8', // random
  'c 1:9', // urandom
  'c 5:0', // tty
  'c 5:2', // ptmx
  'c 136:*', // pts/0 and on
];

/**
 * What Docker and runc let a container do with devices: use the harmless ones, and make any node (which without a rule that
 * allows to open it is of no use). But for one: /dev/console by its own number is the host's; a container's is a terminal of its own.
 * @example
 * DEFAULT_DEVICE_RULES.map(formatDeviceRule); // ['a *:* rwm', 'c *:* m', 'b *:* m', 'c 1:3 rwm', ...]
 */
export const DEFAULT_DEVICE_RULES: readonly DeviceRule[] = [
  parseDeviceRule('a *:* rwm', { allow: false }),
  parseDeviceRule('c *:* m'),
  parseDeviceRule('b *:* m'),
  ...HARMLESS.map((device) => parseDeviceRule(`${device} rwm`)),
];
