import { type Instruction, MOST_INSTRUCTIONS, OP } from './bpf.ts';

/**
 * A filter before it is laid out: what each node leads to is a node, not a distance. Equal nodes are one object, so that
 * equal ends of different branches are shared.
 */
export type Node =
  | { readonly id: number; readonly kind: 'verdict'; readonly value: number }
  | { readonly id: number; readonly kind: 'load'; readonly offset: number; readonly next: Node }
  | { readonly id: number; readonly kind: 'mask'; readonly mask: number; readonly next: Node }
  | {
      readonly id: number;
      readonly kind: 'branch';
      readonly code: Instruction['code'];
      readonly k: number;
      readonly yes: Node;
      readonly no: Node;
    };

/** Comparisons of the accumulator with a constant, both unsigned. */
export type Comparison = 'equal' | 'greater' | 'greaterOrEqual';

const CODE: Readonly<Record<Comparison, number>> = {
  equal: OP.ifEqual,
  greater: OP.ifGreater,
  greaterOrEqual: OP.ifGreaterOrEqual,
};

/** Thrown where a filter would have more instructions than the kernel takes. */
export class TooLongError extends Error {
  override readonly name = 'TooLongError';
}

/** Makes the nodes of one filter. */
export interface Graph {
  /** The end: what the filter returns. */
  verdict(value: number): Node;
  /** Puts the word at an offset of `struct seccomp_data` into the accumulator. */
  load(offset: number, next: Node): Node;
  /** Keeps the bits of the accumulator that the mask has. */
  mask(mask: number, next: Node): Node;
  /** Goes on according to a comparison of the accumulator with a constant. */
  branch(comparison: Comparison, k: number, yes: Node, no: Node): Node;
}

/**
 * An empty graph.
 * @throws {TooLongError} from its functions, as soon as the filter can't fit any more
 */
export function createGraph(): Graph {
  const known = new Map<string, Node>();
  const intern = (key: string, make: (id: number) => Node): Node => {
    const existing = known.get(key);
    if (existing) return existing;
    if (known.size === MOST_INSTRUCTIONS) throw new TooLongError(`more than ${MOST_INSTRUCTIONS} instructions`);
    const node = make(known.size);
    known.set(key, node);
    return node;
  };
  return {
    verdict: (value) => intern(`v${value}`, (id) => ({ id, kind: 'verdict', value })),
    load: (offset, next) => intern(`l${offset},${next.id}`, (id) => ({ id, kind: 'load', offset, next })),
    mask: (mask, next) => intern(`m${mask},${next.id}`, (id) => ({ id, kind: 'mask', mask, next })),
    branch(comparison, k, yes, no) {
      if (yes === no) return yes;
      const code = CODE[comparison];
      return intern(`b${code},${k},${yes.id},${no.id}`, (id) => ({ id, kind: 'branch', code, k, yes, no }));
    },
  };
}
