import { IPC_SYSCTLS } from '@coracle/oci-spec';
import { checkString } from '../options/check-string.ts';
import { OptionError } from '../options/option-error.ts';
import type { ContainerOptions } from '../options/options.ts';

/**
 * Kernel settings of a container: those asked for, and with a network of its own Docker's two, so that its users may ping and
 * take any port. Only settings that belong to a namespace of the container are let through: all others are the host's.
 * @throws {OptionError} for a setting that is not the container's own, and for a value that would not be taken as it is written
 */
export function sysctlsFor(
  { sysctls = {}, network = 'none' }: ContainerOptions,
  inUserNamespace: boolean,
): Record<string, string> {
  const ownNetwork = network !== 'host';
  const asked = Object.entries(sysctls).map(([key, value]): [string, string] => {
    checkValue(key, value);
    return [ownKey(key, ownNetwork), value];
  });
  return {
    ...(ownNetwork ? { 'net.ipv4.ip_unprivileged_port_start': '0' } : {}),
    // In a user namespace the highest group of this range has to be mapped.
    ...(ownNetwork && !inUserNamespace ? { 'net.ipv4.ping_group_range': '0 2147483647' } : {}),
    ...Object.fromEntries(asked),
  };
}

/** The path below /proc/sys of a key; with a slash in it, dots belong to names: `net/ipv4/conf/eth0.100/forwarding`. */
export function sysctlPath(key: string): string {
  return key.includes('/') ? key : key.replaceAll('.', '/');
}

/** Of several lines the kernel takes the first and passes over the others, and of nothing it takes nothing. */
function checkValue(key: string, value: string): void {
  checkString('sysctls', value);
  if (value.trim() !== '' && !/[\r\n]/.test(value)) return;
  throw new OptionError(
    'sysctls',
    `${JSON.stringify(value)} cannot be the value of '${key}'`,
    'write one line: net.ipv4.ip_forward=1',
  );
}

function ownKey(key: string, ownNetwork: boolean): string {
  const parts = sysctlPath(key).split('/');
  const isPath = parts.every((part) => part !== '' && part !== '.' && part !== '..') && !key.includes('\0');
  if (isPath && parts[0] === 'net' && parts.length > 1 && !ownNetwork)
    throw new OptionError(
      'sysctls',
      `'${key}' is a setting of the network, which is the host's here`,
      'leave out --network host, or the setting',
    );
  const isOwn =
    (parts[0] === 'net' && parts.length > 1) ||
    (parts[0] === 'fs' && parts[1] === 'mqueue' && parts.length > 2) ||
    IPC_SYSCTLS.includes(parts.join('.'));
  if (!isPath || !isOwn)
    throw new OptionError(
      'sysctls',
      `'${key}' is no setting that a container has of its own`,
      `it would change the whole host; there are net.*, fs.mqueue.* and ${IPC_SYSCTLS.join(', ')}`,
    );
  return key;
}
