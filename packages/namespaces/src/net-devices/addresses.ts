import type { Link } from './links.ts';
import { attribute, join, NLM_F, parseAttributes, RTM, textOf } from './message.ts';
import type { Netlink } from './netlink.ts';

/** Attributes of an address; see rtnetlink(7) and the kernel's linux/if_addr.h. */
const IFA = {
  IFA_ADDRESS: 1,
  IFA_LOCAL: 2,
  IFA_LABEL: 3,
  IFA_BROADCAST: 4,
  IFA_FLAGS: 8,
  IFA_RT_PRIORITY: 9,
} as const;
/** Bytes of `struct ifaddrmsg`. */
const INFO_LENGTH = 8;
const IFA_F_PERMANENT = 0x80;
/** No search for others that have the address: it was this device's before. */
const IFA_F_NODAD = 0x02;
/** What of its flags is somebody's wish: home address, managed temporary ones, no route, multicast join. The rest is what came of it. */
const WISHES = 0x10 | 0x100 | 0x200 | 0x400;
/** Valid everywhere. */
const RT_SCOPE_UNIVERSE = 0;
const AF_INET6 = 10;
/** As long as a label may be. */
const LABEL_LENGTH = 15;

/** A permanent address of a device, as the kernel tells and takes it. */
export interface Address {
  family: number;
  prefixLength: number;
  /** See {@link IFA}; without the label. */
  attributes: ReadonlyMap<number, Uint8Array>;
  flags: number;
  label: string;
}

/** The addresses of a device that were given to it to stay, and are valid everywhere: no link-local ones, none that will expire. */
export function permanentAddresses(netlink: Netlink, link: Link): Address[] {
  return netlink
    .ask(
      { type: RTM.RTM_GETADDR, flags: NLM_F.NLM_F_DUMP, body: new Uint8Array(INFO_LENGTH) },
      { call: 'list addresses', subject: link.name },
    )
    .flatMap(({ body }) => {
      const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
      const attributes = parseAttributes(body, INFO_LENGTH);
      const wide = attributes.get(IFA.IFA_FLAGS);
      const flags = wide ? new DataView(wide.buffer, wide.byteOffset).getUint32(0, true) : view.getUint8(2);
      const isMeant =
        view.getUint32(4, true) === link.index &&
        view.getUint8(3) === RT_SCOPE_UNIVERSE &&
        (flags & IFA_F_PERMANENT) !== 0;
      if (!isMeant) return [];
      return [
        {
          family: view.getUint8(0),
          prefixLength: view.getUint8(1),
          attributes,
          flags,
          label: textOf(attributes.get(IFA.IFA_LABEL)),
        },
      ];
    });
}

/**
 * Gives an address to a device.
 * @param from the name that the device had where the address was listed: a label begins with the name of its device
 * @throws SystemError EEXIST when it has the address already; EACCES for one of IPv6 where that is switched off
 */
export function addAddress(netlink: Netlink, link: Link, { address, from }: { address: Address; from: string }): void {
  const info = new Uint8Array([address.family, address.prefixLength, 0, RT_SCOPE_UNIVERSE, 0, 0, 0, 0]);
  new DataView(info.buffer).setUint32(4, link.index, true);
  const flags = (address.flags & WISHES) | (address.family === AF_INET6 ? IFA_F_NODAD : 0);
  const label = labelFor(address.label, { from, to: link.name });
  const kept = [IFA.IFA_ADDRESS, IFA.IFA_LOCAL, IFA.IFA_BROADCAST, IFA.IFA_RT_PRIORITY];
  const body = join([
    info,
    ...kept.flatMap((type) => {
      const data = address.attributes.get(type);
      return data ? [attribute(type, data)] : [];
    }),
    ...(flags === 0 ? [] : [attribute(IFA.IFA_FLAGS, flags)]),
    ...(label === undefined ? [] : [attribute(IFA.IFA_LABEL, label)]),
  ]);
  netlink.ask(
    { type: RTM.RTM_NEWADDR, flags: NLM_F.NLM_F_ACK | NLM_F.NLM_F_CREATE | NLM_F.NLM_F_EXCL, body },
    { call: 'give address to network device', subject: link.name, detail: text(address) },
  );
}

/** The name of the device itself is what an address is labelled with if nothing is said. */
function labelFor(label: string, { from, to }: { from: string; to: string }): string | undefined {
  if (!label.startsWith(`${from}:`)) return undefined;
  const renamed = `${to}${label.slice(from.length)}`;
  return renamed.length <= LABEL_LENGTH ? renamed : undefined;
}

function text({ attributes, prefixLength, family }: Address): string {
  const bytes = [...(attributes.get(IFA.IFA_LOCAL) ?? attributes.get(IFA.IFA_ADDRESS) ?? [])];
  const hex = Buffer.from(bytes).toString('hex');
  return `${family === AF_INET6 ? hex.replace(/(.{4})(?!$)/g, '$1:') : bytes.join('.')}/${prefixLength}`;
}
