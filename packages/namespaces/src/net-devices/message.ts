/** Types of messages of rtnetlink(7). */
export const RTM = { RTM_NEWLINK: 16, RTM_GETLINK: 18, RTM_SETLINK: 19, RTM_NEWADDR: 20, RTM_GETADDR: 22 } as const;
/** Types of messages that are about other messages; see netlink(7). */
export const NLMSG = { NLMSG_ERROR: 2, NLMSG_DONE: 3 } as const;
/** Flags of requests; see netlink(7). */
export const NLM_F = {
  NLM_F_REQUEST: 0x1,
  NLM_F_ACK: 0x4,
  NLM_F_DUMP: 0x300,
  NLM_F_EXCL: 0x200,
  NLM_F_CREATE: 0x400,
} as const;

const HEADER_LENGTH = 16;
const ATTRIBUTE_HEADER_LENGTH = 4;
/** The length of an attribute is a number of 16 bits: a longer one would be read as another (CVE-2021-43784). */
const LONGEST_ATTRIBUTE = 0xffff;

const aligned = (length: number): number => (length + 3) & ~3;

/** A request to the kernel. */
export interface Request {
  type: number;
  flags: number;
  /** What follows the header: a structure of the type's own, and attributes. */
  body: Uint8Array;
}

/** A message of the kernel's. */
export interface Reply {
  type: number;
  body: Uint8Array;
}

/**
 * The bytes of a request.
 * @param sequence comes back in the replies to it
 * @see netlink(7) struct nlmsghdr
 */
export function encodeRequest({ type, flags, body }: Request, sequence: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length, true);
  view.setUint16(4, type, true);
  view.setUint16(6, flags, true);
  view.setUint32(8, sequence, true);
  bytes.set(body, HEADER_LENGTH);
  return bytes;
}

/**
 * The messages that came in one piece in answer to a request; those with another number are passed over.
 * @see netlink(7) NLMSG_NEXT
 */
export function parseReplies(bytes: Uint8Array, sequence: number): Reply[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const replies: Reply[] = [];
  for (let at = 0; at + HEADER_LENGTH <= bytes.length; ) {
    const length = view.getUint32(at, true);
    if (length < HEADER_LENGTH || at + length > bytes.length) break;
    if (view.getUint32(at + 8, true) === sequence)
      replies.push({ type: view.getUint16(at + 4, true), body: bytes.subarray(at + HEADER_LENGTH, at + length) });
    at += aligned(length);
  }
  return replies;
}

/**
 * One attribute: a number is one of 32 bits, a text ends with a NUL.
 * @throws {TypeError} for one that is too long
 * @see rtnetlink(7) struct rtattr
 */
export function attribute(type: number, value: number | string | Uint8Array): Uint8Array {
  const data = dataOf(value);
  const length = ATTRIBUTE_HEADER_LENGTH + data.length;
  if (length > LONGEST_ATTRIBUTE) throw new TypeError(`an attribute of ${data.length} bytes is too long for netlink`);
  const bytes = new Uint8Array(aligned(length));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, length, true);
  view.setUint16(2, type, true);
  bytes.set(data, ATTRIBUTE_HEADER_LENGTH);
  return bytes;
}

function dataOf(value: number | string | Uint8Array): Uint8Array {
  if (typeof value === 'string') return new TextEncoder().encode(`${value}\0`);
  if (typeof value !== 'number') return value;
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/**
 * The attributes in a body, by type.
 * @param from where they begin: behind the structure of the message's type
 */
export function parseAttributes(body: Uint8Array, from: number): Map<number, Uint8Array> {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const attributes = new Map<number, Uint8Array>();
  for (let at = from; at + ATTRIBUTE_HEADER_LENGTH <= body.length; ) {
    const length = view.getUint16(at, true);
    if (length < ATTRIBUTE_HEADER_LENGTH || at + length > body.length) break;
    attributes.set(view.getUint16(at + 2, true) & 0x3fff, body.subarray(at + ATTRIBUTE_HEADER_LENGTH, at + length));
    at += aligned(length);
  }
  return attributes;
}

/** The text of an attribute. */
export function textOf(data: Uint8Array | undefined): string {
  return Buffer.from(data ?? new Uint8Array())
    .toString('utf8')
    .replace(/\0.*$/s, '');
}

/** Puts structures and attributes one behind the other. */
export function join(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
