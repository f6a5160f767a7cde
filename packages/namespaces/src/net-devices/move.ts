import { SystemError } from '@coracle/errors';
import { randomBytes } from '@coracle/syscalls';
import { type Address, addAddress, permanentAddresses } from './addresses.ts';
import { changeLink, findLink, type Link } from './links.ts';
import type { Netlink } from './netlink.ts';

/** A device to be moved, by its name. */
export interface NetDevice {
  name: string;
  /** Its name there; for `%d` the kernel puts a number that is free. */
  newName: string;
}

/** The two network namespaces of a move. */
export interface Networks {
  here: Netlink;
  there: Netlink;
  /** A process that is there. */
  pid: number;
}

/** A device with what it loses when it is moved. */
interface Found extends NetDevice {
  link: Link;
  addresses: readonly Address[];
}

/**
 * Moves network devices to another network namespace: each under its new name, with its permanent addresses, and up. Whether all can
 * be moved is looked at before the first is; when one cannot after all, those that were are given back.
 *
 * Needs CAP_NET_ADMIN in the user namespaces that own the two.
 * @returns how to give them back: for who cannot make use of them there after all
 * @throws SystemError ENODEV for one that is not here, EEXIST for a name that is taken there, EINVAL for one that cannot leave its
 *   namespace, EPERM
 * @see rtnetlink(7), network_namespaces(7)
 * @example
 * const giveBack = moveNetDevices([{ name: 'eth1', newName: 'eth0' }], { here, there, pid: 4711 });
 */
export function moveNetDevices(devices: readonly NetDevice[], networks: Networks): () => void {
  const found = devices.map((device) => look(device, networks.here));
  for (const [index, { newName }] of found.entries()) {
    if (newName.includes('%d')) continue;
    const isTwice = found.slice(0, index).some((other) => other.newName === newName);
    if (isTwice || findLink(networks.there, newName)) throw nameTaken(newName);
  }
  const moved: { from: Found; link: Link }[] = [];
  const giveBack = (): void => {
    for (let last = moved.pop(); last; last = moved.pop()) takeBack(last, networks);
  };
  try {
    for (const one of found) {
      const link = carry(networks.here, networks.there, { link: one.link, pid: networks.pid });
      moved.push({ from: one, link });
      furnish(networks.there, link, { ...one, up: true });
    }
  } catch (error) {
    try {
      giveBack();
    } catch (failure) {
      if (error instanceof SystemError) error.suppressed.push(failure);
    }
    throw error;
  }
  return giveBack;
}

function look(device: NetDevice, here: Netlink): Found {
  const link = findLink(here, device.name);
  if (!link)
    throw new SystemError({
      code: 'ENODEV',
      syscall: 'move network device',
      path: device.name,
      text: 'there is no network device of this name',
      hint: 'see `ip link`: it has to be in the network namespace of the caller',
    });
  return { ...device, link, addresses: permanentAddresses(here, link) };
}

/** Moves a device under a name that nobody else has: its own may be taken there, and only by a name it is found again. */
function carry(from: Netlink, to: Netlink, { link, pid }: { link: Link; pid: number }): Link {
  const name = `cor${Buffer.from(randomBytes(5)).toString('hex')}`;
  changeLink(from, link, { pid, name });
  const found = findLink(to, name);
  if (found) return found;
  throw new SystemError({ code: 'ENODEV', syscall: 'move network device', path: link.name, text: 'it was moved on' });
}

function furnish(
  netlink: Netlink,
  link: Link,
  { name, newName, addresses, up }: NetDevice & { addresses: readonly Address[]; up: boolean },
): void {
  changeLink(netlink, link, { name: newName });
  const renamed = findLink(netlink, link.index) ?? link;
  for (const address of addresses) addAddress(netlink, renamed, { address, from: name });
  if (up) changeLink(netlink, renamed, { up });
}

function takeBack({ from, link }: { from: Found; link: Link }, { here, there }: Networks): void {
  const { name, addresses } = from;
  const back = carry(there, here, { link, pid: process.pid });
  furnish(here, back, { name, newName: name, addresses, up: from.link.isUp });
}

function nameTaken(name: string): SystemError {
  return new SystemError({
    code: 'EEXIST',
    syscall: 'move network device',
    path: name,
    text: 'there is a network device of this name in the namespace already',
    hint: 'choose another name for it there, or one with %d, for which the kernel puts a number',
  });
}
