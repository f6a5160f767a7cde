import type { DeviceRequest } from '@coracle/cgroups-core';
import { fromBytes, type Instruction, OP, REGISTER } from './bpf.ts';
import { accessBits, CONTEXT, TYPE_BITS } from './device-context.ts';

/** What a program said, and after how many instructions. */
export interface SimulatedAnswer {
  isAllowed: boolean;
  /** Instructions that ran: what the request costs. */
  steps: number;
}

/**
 * Runs a device program as the kernel would, without loading it.
 * @param bytes instructions as {@link compileDeviceRules} gives them
 * @throws {RangeError} a program the kernel would refuse: an unknown operation, a register that was never set, a jump
 *   backward, an end that is no exit
 * @example
 * simulateDeviceProgram(compileDeviceRules(rules), { type: 'c', major: 1, minor: 3, access: 'rw' }).isAllowed;
 */
export function simulateDeviceProgram(bytes: Uint8Array, request: DeviceRequest): SimulatedAnswer {
  const instructions = fromBytes(bytes);
  const registers = new Map<number, number>();
  let at = 0;
  for (let steps = 1; ; steps++) {
    const instruction = instructions[at];
    if (!instruction) throw new RangeError(`The program runs past its end, to ${at} of ${instructions.length}`);
    if (instruction.code === OP.exit) return { isAllowed: read(registers, REGISTER.result) !== 0, steps };
    const distance = isJump(instruction) ? jumpOf(instruction, registers) : 0;
    if (!isJump(instruction)) registers.set(instruction.to, computed(instruction, registers, request));
    if (distance < 0) throw new RangeError(`Instruction ${at} jumps backward`);
    at += 1 + distance;
  }
}

function isJump({ code }: Instruction): boolean {
  return code === OP.ifEqual || code === OP.ifNotEqual || code === OP.ifAnyBit;
}

function jumpOf({ code, to, offset, constant }: Instruction, registers: ReadonlyMap<number, number>): number {
  const value = read(registers, to);
  if (code === OP.ifAnyBit) return (value & constant) === 0 ? 0 : offset;
  return (value === constant) === (code === OP.ifEqual) ? offset : 0;
}

function computed(one: Instruction, registers: ReadonlyMap<number, number>, request: DeviceRequest): number {
  switch (one.code) {
    case OP.load:
      return wordAt(one, request);
    case OP.move:
      return one.constant >>> 0;
    case OP.moveRegister:
      return read(registers, one.from);
    case OP.and:
      return (read(registers, one.to) & one.constant) >>> 0;
    case OP.shiftRight:
      return read(registers, one.to) >>> one.constant;
    default:
      throw new RangeError(`No operation 0x${one.code.toString(16)} is known`);
  }
}

function wordAt({ from, offset }: Instruction, { type, major, minor, access }: DeviceRequest): number {
  if (from === REGISTER.context && offset === CONTEXT.accessType) return (accessBits(access) << 16) | TYPE_BITS[type];
  if (from === REGISTER.context && offset === CONTEXT.major) return major;
  if (from === REGISTER.context && offset === CONTEXT.minor) return minor;
  throw new RangeError(`There is nothing to load at ${offset} from register ${from}`);
}

function read(registers: ReadonlyMap<number, number>, register: number): number {
  const value = registers.get(register);
  if (value === undefined) throw new RangeError(`Register ${register} was never set`);
  return value;
}
