import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  attribute,
  encodeRequest,
  join,
  parseAttributes,
  parseReplies,
  textOf,
} from '../../src/net-devices/message.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

describe('messages of rtnetlink', () => {
  test('a request is the one that ip(8) sends to find a device by name', () => {
    // strace -e trace=%network -X raw ip link show lo
    const body = join([new Uint8Array(16), attribute(3, 'lo')]);
    expect(encodeRequest({ type: 18, flags: 1, body }, 7)).toEqual(
      bytes('28000000 1200 0100 07000000 00000000 00000000 00000000 00000000 00000000 0700 0300 6c6f00 00'),
    );
  });

  test('what is written is read again, whatever the attributes are', () => {
    const value = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.nat(0xffffffff), fc.stringMatching(/^[a-z]{0,15}$/));
    const list = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 60 }), value), { selector: ([type]) => type });
    fc.assert(
      fc.property(list, fc.nat(64), (attributes, from) => {
        const body = join([new Uint8Array(from * 4), ...attributes.map(([type, one]) => attribute(type, one))]);
        const [reply, ...more] = parseReplies(encodeRequest({ type: 16, flags: 0, body }, 3), 3);
        expect(more).toEqual([]);
        const parsed = parseAttributes(reply?.body ?? new Uint8Array(), from * 4);
        expect(parsed.size).toBe(attributes.length);
        for (const [type, one] of attributes) {
          const data = parsed.get(type) ?? new Uint8Array();
          if (typeof one === 'string') expect(textOf(data)).toBe(one);
          else if (typeof one === 'number') expect(Buffer.from(data).readUInt32LE()).toBe(one);
          else expect(data).toEqual(one);
        }
      }),
    );
  });

  test('answers to other requests are passed over, and what is cut off is not read', () => {
    const one = (sequence: number): Uint8Array =>
      encodeRequest({ type: 16, flags: 0, body: new Uint8Array(4) }, sequence);
    const both = join([one(1), one(2), one(2)]);
    expect(parseReplies(both, 2)).toHaveLength(2);
    expect(parseReplies(both.subarray(0, both.length - 1), 2)).toHaveLength(1);
    expect(parseReplies(bytes('00000000 1000 0000 02000000 00000000'), 2)).toEqual([]);
    expect(parseAttributes(bytes('0000 0300'), 0).size).toBe(0);
  });

  test('an attribute whose length does not fit into its 16 bits is refused (CVE-2021-43784)', () => {
    expect(attribute(1, new Uint8Array(0xffff - 4)).length).toBe(0x10000);
    expect(() => attribute(1, new Uint8Array(0xffff - 3))).toThrow('too long for netlink');
  });
});
