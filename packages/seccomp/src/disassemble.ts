import { DATA, fromBytes, type Instruction, OP } from './bpf.ts';
import { describeVerdict } from './verdict.ts';

const COMPARED: Readonly<Record<number, string>> = {
  [OP.ifEqual]: '==',
  [OP.ifGreater]: '>',
  [OP.ifGreaterOrEqual]: '>=',
};

/**
 * A filter as text, an instruction a line, with the numbers of the lines that it may go on with.
 * @example
 * disassemble(filter.bytes); // '   0  load arch\n   1  if == 0xc000003e go to 2 else 9\n...'
 */
export function disassemble(bytes: Uint8Array): string {
  return fromBytes(bytes)
    .map((instruction, index) => `${String(index).padStart(4)}  ${textOf(instruction, index)}`)
    .join('\n');
}

function textOf({ code, jt, jf, k }: Instruction, index: number): string {
  const hex = `0x${k.toString(16)}`;
  if (code === OP.load) return `load ${wordName(k)}`;
  if (code === OP.and) return `and ${hex}`;
  if (code === OP.jump) return `go to ${index + 1 + k}`;
  if (code === OP.return) return `return ${hex} (${describeVerdict(k)})`;
  const compared = COMPARED[code];
  if (!compared) return `unknown operation 0x${code.toString(16)} ${hex}`;
  return `if ${compared} ${hex} go to ${index + 1 + jt} else ${index + 1 + jf}`;
}

function wordName(offset: number): string {
  if (offset === DATA.nr) return 'number';
  if (offset === DATA.arch) return 'arch';
  const index = Math.floor((offset - DATA.argumentLow(0)) / 8);
  return `argument ${index} ${offset === DATA.argumentLow(index) ? 'low' : 'high'}`;
}
