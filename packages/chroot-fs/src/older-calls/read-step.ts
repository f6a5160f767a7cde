import type { Step } from '@coracle/syscalls';

/** The argument as a text; `''` where there is none. */
export function textAt({ args }: Step, index: number): string {
  const arg = args[index];
  return typeof arg === 'string' ? arg : '';
}

/** The argument as a number. */
export function numberAt({ args }: Step, index: number): number {
  const arg = args[index];
  if (typeof arg === 'object' && arg !== null && 'kind' in arg && arg.kind === 'flags') return Number(arg.value);
  return Number(arg);
}

/** The name of the result that the argument is; `undefined` for a number. */
export function resultAt({ args }: Step, index: number): string | undefined {
  const arg = args[index];
  return typeof arg === 'object' && arg !== null && 'kind' in arg && arg.kind === 'result' ? arg.of : undefined;
}

/** What mount_setattr(2) is to change: the words of its `struct mount_attr`. */
export function attributesOf({ args }: Step): { set: number; clear: number; propagation: number } {
  const attr = args[3];
  if (typeof attr !== 'object' || attr === null || !('bytes' in attr))
    throw new TypeError('mount_setattr without attributes');
  const view = new DataView(attr.bytes.buffer, attr.bytes.byteOffset, attr.bytes.byteLength);
  const word = (index: number): number => Number(view.getBigUint64(index * 8, true));
  return { set: word(0), clear: word(1), propagation: word(2) };
}
