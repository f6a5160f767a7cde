/** A second reading of the wire format, written from its description alone: what the encoder's tests compare with. */

export const HEADER = {
  checksum: 0,
  magic: 8,
  length: 12,
  count: 16,
  cleanup: 20,
  report: 24,
  reportLength: 28,
} as const;
export const HEADER_LENGTH = 32;
export const CALL_LENGTH = 56;

/** One call as the agent sees it. */
export interface WireCall {
  number: number;
  /** Slots whose argument is the index of an earlier call. */
  references: number[];
  only: number;
  tolerate: number[];
  args: bigint[];
}

/** A message taken apart. */
export interface WireMessage {
  checksum: bigint;
  magic: string;
  length: number;
  count: number;
  cleanup: number;
  report: number;
  reportLength: number;
  calls: WireCall[];
}

/** Takes a message apart. */
export function decode(bytes: Uint8Array): WireMessage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (at: number): number => view.getUint32(at, true);
  const count = word(HEADER.count);
  return {
    checksum: view.getBigUint64(HEADER.checksum, true),
    magic: Buffer.from(bytes.subarray(HEADER.magic, HEADER.length)).toString('latin1'),
    length: word(HEADER.length),
    count,
    cleanup: word(HEADER.cleanup),
    report: word(HEADER.report),
    reportLength: word(HEADER.reportLength),
    calls: Array.from({ length: count }, (_, index) => decodeCall(view, HEADER_LENGTH + index * CALL_LENGTH)),
  };
}

function decodeCall(view: DataView, at: number): WireCall {
  const slots = [0, 1, 2, 3, 4, 5];
  const references = view.getUint8(at + 2);
  return {
    number: view.getUint16(at, true),
    references: slots.filter((slot) => references & (1 << slot)),
    only: view.getUint8(at + 3),
    tolerate: [4, 5, 6, 7].map((offset) => view.getUint8(at + offset)).filter((errno) => errno !== 0),
    args: slots.map((slot) => view.getBigInt64(at + 8 + slot * 8, true)),
  };
}

/** Of every word that is not zero, in arithmetic that cannot overflow. */
export function checksumOf(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let sum = 0n;
  for (let at = 8; at < bytes.length; at += 4) {
    const word = BigInt(view.getUint32(at, true));
    if (word === 0n) continue;
    const turned = ((sum << 7n) | (sum >> 25n)) & 0xffffffffn;
    sum = ((turned ^ word) + BigInt(at / 4)) & 0xffffffffn;
  }
  return sum;
}

/** A copy of a message with a header word replaced and a checksum that is right again. */
export function forge(message: Uint8Array, change: (view: DataView) => void): Uint8Array {
  const bytes = message.slice();
  const view = new DataView(bytes.buffer);
  change(view);
  view.setBigUint64(HEADER.checksum, checksumOf(bytes), true);
  return bytes;
}

/** The bytes an address of a message points at. */
export function at(bytes: Uint8Array, address: bigint, base: bigint): Uint8Array {
  const offset = Number(address - base);
  if (offset < 0 || offset > bytes.length) throw new Error(`address ${address} lies outside the message`);
  return bytes.subarray(offset);
}

/** The text an address of a message points at, to its NUL. */
export function textAt(bytes: Uint8Array, address: bigint, base: bigint): string {
  const rest = at(bytes, address, base);
  const end = rest.indexOf(0);
  if (end < 0) throw new Error(`the text at ${address} has no end`);
  return Buffer.from(rest.subarray(0, end)).toString();
}
