/**
 * Classic BPF as seccomp(2) takes it: one accumulator, a few operations, jumps forward only.
 * @see https://docs.kernel.org/networking/filter.html
 */

/** Operation codes: the class, size and mode bits of linux/bpf_common.h put together. */
export const OP = {
  /** Loads the 32-bit word at offset `k` of `struct seccomp_data`. */
  load: 0x20,
  /** Masks the accumulator with `k`. */
  and: 0x54,
  /** Goes on `k` instructions further. */
  jump: 0x05,
  /** These go on `jt` instructions further when the comparison with `k` holds, else `jf`. Numbers are unsigned. */
  ifEqual: 0x15,
  ifGreater: 0x25,
  ifGreaterOrEqual: 0x35,
  /** Ends with the verdict `k`. */
  return: 0x06,
} as const;

/** Bytes of one `struct sock_filter`. */
export const INSTRUCTION_BYTES = 8;

/** Instructions that one filter may have: BPF_MAXINSNS of linux/bpf_common.h. */
export const MOST_INSTRUCTIONS = 4096;

/** Furthest that a comparison can jump, for `jt` and `jf` are bytes. */
export const FURTHEST_BRANCH = 255;

/** Offsets in `struct seccomp_data`; a 64-bit argument is two words, the low one first on these architectures. */
export const DATA = {
  nr: 0,
  arch: 4,
  argumentLow: (index: number): number => 16 + 8 * index,
  argumentHigh: (index: number): number => 20 + 8 * index,
} as const;

/** One instruction. */
export interface Instruction {
  /** One of {@link OP}. */
  code: number;
  /** Instructions to skip when the comparison holds. */
  jt: number;
  /** Instructions to skip when it does not. */
  jf: number;
  /** The operand, 32 bits unsigned. */
  k: number;
}

/** Puts instructions into the bytes that the kernel reads, little-endian as on both architectures. */
export function toBytes(instructions: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(instructions.length * INSTRUCTION_BYTES);
  const view = new DataView(bytes.buffer);
  instructions.forEach(({ code, jt, jf, k }, index) => {
    const at = index * INSTRUCTION_BYTES;
    view.setUint16(at, code, true);
    view.setUint8(at + 2, jt);
    view.setUint8(at + 3, jf);
    view.setUint32(at + 4, k, true);
  });
  return bytes;
}

/** Reads instructions out of bytes. */
export function fromBytes(bytes: Uint8Array): Instruction[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.length / INSTRUCTION_BYTES) }, (_, index) => {
    const at = index * INSTRUCTION_BYTES;
    return {
      code: view.getUint16(at, true),
      jt: view.getUint8(at + 2),
      jf: view.getUint8(at + 3),
      k: view.getUint32(at + 4, true),
    };
  });
}
