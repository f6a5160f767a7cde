/**
 * As much of BPF (the extended kind, of bpf(2)) as the rules for devices need: eleven registers of 64 bits, jumps forward only.
 * @see https://docs.kernel.org/bpf/standardization/instruction-set.html
 */

/** Operation codes: class, operation and source bits of linux/bpf.h put together. Jumps compare with the constant. */
export const OP = {
  /** Loads the 32-bit word at an offset from the address in the source register. */
  load: 0x61,
  /** On the lower 32 bits; the upper ones become 0. */
  move: 0xb4,
  moveRegister: 0xbc,
  and: 0x54,
  shiftRight: 0x74,
  ifEqual: 0x15,
  ifNotEqual: 0x55,
  /** When the register and the constant have a bit in common. */
  ifAnyBit: 0x45,
  exit: 0x95,
} as const;

/** Registers: `result` is what the program answers, `context` holds the address of what it is asked. */
export const REGISTER = { result: 0, context: 1, type: 2, access: 3, major: 4, minor: 5 } as const;

/** One instruction; `offset` counts bytes of a load, instructions of a jump, from the next one on. */
export interface Instruction {
  code: number;
  to: number;
  from: number;
  offset: number;
  constant: number;
}

/** Bytes of one `struct bpf_insn`. */
export const INSTRUCTION_BYTES = 8;

/** Puts instructions into the bytes that the kernel reads, little-endian as on both architectures. */
export function toBytes(instructions: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(instructions.length * INSTRUCTION_BYTES);
  const view = new DataView(bytes.buffer);
  instructions.forEach(({ code, to, from, offset, constant }, index) => {
    const at = index * INSTRUCTION_BYTES;
    view.setUint8(at, code);
    view.setUint8(at + 1, (from << 4) | to);
    view.setInt16(at + 2, offset, true);
    view.setInt32(at + 4, constant, true);
  });
  return bytes;
}

/** Reads instructions out of bytes. */
export function fromBytes(bytes: Uint8Array): Instruction[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.length / INSTRUCTION_BYTES) }, (_, index) => {
    const at = index * INSTRUCTION_BYTES;
    const registers = view.getUint8(at + 1);
    return {
      code: view.getUint8(at),
      to: registers & 0xf,
      from: registers >> 4,
      offset: view.getInt16(at + 2, true),
      constant: view.getInt32(at + 4, true),
    };
  });
}
