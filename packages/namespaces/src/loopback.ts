import { AF, close, flags, IOCTL, interfaceFlags, ioctl, resultOf, SOCK, type Step, step } from '@coracle/syscalls';

/** Flags of an interface, see netdevice(7). */
const IFF_UP = 0x1;
const IFF_RUNNING = 0x40;

/**
 * Steps that bring up `lo`, which is down in a new network namespace; the kernel then gives it 127.0.0.1 and ::1.
 *
 * Needs CAP_NET_ADMIN in the user namespace that owns the network namespace.
 * @see netdevice(7), network_namespaces(7)
 * @example
 * [...setHostname('box'), ...loopbackUp()];
 */
export function loopbackUp(): Step[] {
  const why = 'let programs of the container talk to each other over 127.0.0.1';
  const socket = resultOf('loopback');
  return [
    step('socket', [flags(AF, 'AF_INET'), flags(SOCK, 'SOCK_DGRAM', 'SOCK_CLOEXEC'), 0], { why, result: 'loopback' }),
    ioctl({ fd: socket, request: flags(IOCTL, 'SIOCSIFFLAGS'), arg: interfaceFlags('lo', IFF_UP | IFF_RUNNING) }, why),
    close(socket, why),
  ];
}
