import { SystemError } from '@coracle/errors';

/**
 * Where to connect to for an address of a message bus, for `net.connect`: the first of its alternatives that is a socket of this machine.
 * @throws SystemError EAFNOSUPPORT when none is
 * @see the D-Bus specification, "Server Addresses"
 * @example
 * socketPath('unix:path=/run/user/1000/bus'); // '/run/user/1000/bus'
 */
export function socketPath(address: string): string {
  for (const one of address.split(';')) {
    if (!one.startsWith('unix:')) continue;
    for (const pair of one.slice('unix:'.length).split(',')) {
      const [key, value = ''] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
      if (key === 'path') return decodeURIComponent(value);
      if (key === 'abstract') return `\0${decodeURIComponent(value)}`;
    }
  }
  throw new SystemError({
    code: 'EAFNOSUPPORT',
    syscall: 'connect',
    path: address,
    text: 'this is no address of a message bus on this machine',
    hint: "write 'unix:path=/run/dbus/system_bus_socket'",
  });
}
