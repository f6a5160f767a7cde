import { isErrno } from '@coracle/errors';
import { attribute, join, NLM_F, parseAttributes, RTM, textOf } from './message.ts';
import type { Netlink } from './netlink.ts';

/** Attributes of a device; see rtnetlink(7). */
const IFLA = { IFLA_IFNAME: 3, IFLA_NET_NS_PID: 19 } as const;
/** Flags of a device; see netdevice(7). */
const IFF_UP = 0x1;
/** Bytes of `struct ifinfomsg`. */
const INFO_LENGTH = 16;

/** A network device. */
export interface Link {
  /** Its number in its namespace. */
  index: number;
  name: string;
  isUp: boolean;
}

/** What is to become of a device; what is absent stays as it is. */
export interface LinkChange {
  /** A process in the network namespace that it is moved to. */
  pid?: number;
  /** Its new name, there if it is moved; for `%d` the kernel puts a number that is free. */
  name?: string;
  up?: boolean;
}

function info({ index = 0, flags = 0, change = 0 }: { index?: number; flags?: number; change?: number }): Uint8Array {
  const bytes = new Uint8Array(INFO_LENGTH);
  const view = new DataView(bytes.buffer);
  view.setInt32(4, index, true);
  view.setUint32(8, flags, true);
  view.setUint32(12, change, true);
  return bytes;
}

/**
 * A device by its name or number.
 * @returns `undefined` when there is none
 */
export function findLink(netlink: Netlink, which: string | number): Link | undefined {
  const body =
    typeof which === 'number' ? info({ index: which }) : join([info({}), attribute(IFLA.IFLA_IFNAME, which)]);
  try {
    const [reply] = netlink.ask(
      { type: RTM.RTM_GETLINK, flags: 0, body },
      { call: 'find network device', subject: String(which) },
    );
    return reply && parseLink(reply.body);
  } catch (error) {
    if (isErrno(error, 'ENODEV')) return undefined;
    throw error;
  }
}

function parseLink(body: Uint8Array): Link {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  return {
    index: view.getInt32(4, true),
    name: textOf(parseAttributes(body, INFO_LENGTH).get(IFLA.IFLA_IFNAME)),
    isUp: (view.getUint32(8, true) & IFF_UP) !== 0,
  };
}

/**
 * Changes a device. One that is moved is down afterwards, and has lost its addresses.
 * @throws SystemError ENODEV when it is not there any more; EINVAL for one that belongs to its namespace, such as `lo`; EEXIST for a
 *   name that is taken; EPERM without CAP_NET_ADMIN in both namespaces
 */
export function changeLink(netlink: Netlink, link: Link, { pid, name, up }: LinkChange): void {
  const flags = up === undefined ? {} : { flags: up ? IFF_UP : 0, change: IFF_UP };
  const body = join([
    info({ index: link.index, ...flags }),
    ...(pid === undefined ? [] : [attribute(IFLA.IFLA_NET_NS_PID, pid)]),
    ...(name === undefined ? [] : [attribute(IFLA.IFLA_IFNAME, name)]),
  ]);
  const verb = pid !== undefined ? 'move' : name !== undefined ? 'rename' : 'bring up';
  netlink.ask(
    { type: RTM.RTM_SETLINK, flags: NLM_F.NLM_F_ACK, body },
    {
      call: `${verb} network device`,
      subject: link.name,
      ...(name === undefined || pid !== undefined ? {} : { detail: `to ${name}` }),
    },
  );
}
