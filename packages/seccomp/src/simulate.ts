import { DATA, fromBytes, type Instruction, OP } from './bpf.ts';

/** A system call as a filter sees it: `struct seccomp_data` of seccomp(2), without the instruction pointer. */
export interface CallData {
  /** The architecture as AUDIT_ARCH_* of linux/audit.h, see {@link AUDIT_ARCH}. */
  auditArch: number;
  /** The system call's number. */
  nr: number;
  /** The arguments, 64 bits unsigned each; absent ones are 0. */
  args?: readonly bigint[];
}

/** What a filter said, and after how many instructions. */
export interface SimulatedVerdict {
  /** The value that the filter returned: SECCOMP_RET_* and its data. */
  value: number;
  /** Instructions that ran: what the call costs. */
  steps: number;
}

/**
 * Runs a filter as the kernel would, without loading it.
 * @param bytes instructions as {@link compileProfile} gives them, or another compiler's
 * @throws {RangeError} a program the kernel would refuse: an unknown operation, or an end that is not a return
 * @example
 * simulate(filter.bytes, { auditArch: AUDIT_ARCH.SCMP_ARCH_X86_64, nr: 165 }).value; // 0x50001: EPERM for mount(2)
 */
export function simulate(bytes: Uint8Array, call: CallData): SimulatedVerdict {
  const instructions = fromBytes(bytes);
  let accumulator = 0;
  let at = 0;
  for (let steps = 1; ; steps++) {
    const instruction = instructions[at];
    if (!instruction)
      throw new RangeError(`The filter runs past its end, to instruction ${at} of ${instructions.length}`);
    const { code, k } = instruction;
    if (code === OP.return) return { value: k, steps };
    if (code === OP.load) accumulator = wordAt(call, k);
    else if (code === OP.and) accumulator = (accumulator & k) >>> 0;
    at += 1 + distance(instruction, accumulator);
  }
}

function distance({ code, jt, jf, k }: Instruction, accumulator: number): number {
  switch (code) {
    case OP.jump:
      return k;
    case OP.ifEqual:
      return accumulator === k ? jt : jf;
    case OP.ifGreater:
      return accumulator > k ? jt : jf;
    case OP.ifGreaterOrEqual:
      return accumulator >= k ? jt : jf;
    case OP.load:
    case OP.and:
      return 0;
    default:
      throw new RangeError(`A filter has no operation 0x${code.toString(16)}`);
  }
}

function wordAt({ auditArch, nr, args = [] }: CallData, offset: number): number {
  if (offset === DATA.nr) return nr >>> 0;
  if (offset === DATA.arch) return auditArch >>> 0;
  const argument = args[Math.floor((offset - DATA.argumentLow(0)) / 8)] ?? 0n;
  return Number((offset % 8 === 0 ? argument : argument >> 32n) & 0xffffffffn);
}
