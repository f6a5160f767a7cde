import type { SeccompArgument } from '@coracle/oci-spec';
import { DATA } from './bpf.ts';
import type { Graph, Node } from './graph.ts';

const LOW = 0xffffffffn;
const HIGHEST = 0xffffffffffffffffn;
const WORD_BITS = 32n;

/** Where it goes on from a condition. */
interface Ways {
  met: Node;
  unmet: Node;
}

/**
 * The part of a filter that tests all conditions of a rule, one after the other.
 * @param isWide whether an argument has 64 bits; else its low word alone is compared
 */
export function testConditions(
  graph: Graph,
  conditions: readonly SeccompArgument[],
  isWide: (index: number) => boolean,
  { met, unmet }: Ways,
): Node {
  return conditions.reduceRight(
    (next, condition) => testCondition(graph, condition, isWide(condition.index), { met: next, unmet }),
    met,
  );
}

function testCondition(graph: Graph, { index, value, valueTwo, op }: SeccompArgument, wide: boolean, ways: Ways): Node {
  const swapped = { met: ways.unmet, unmet: ways.met };
  const argument: Words = { graph, low: DATA.argumentLow(index), high: wide ? DATA.argumentHigh(index) : undefined };
  const operand = word64(value);
  switch (op) {
    case 'SCMP_CMP_EQ':
      return equal(argument, operand, ways);
    case 'SCMP_CMP_NE':
      return equal(argument, operand, swapped);
    case 'SCMP_CMP_GT':
      return order(argument, 'greater', operand, ways);
    case 'SCMP_CMP_GE':
      return order(argument, 'greaterOrEqual', operand, ways);
    case 'SCMP_CMP_LE':
      return order(argument, 'greater', operand, swapped);
    case 'SCMP_CMP_LT':
      return order(argument, 'greaterOrEqual', operand, swapped);
    case 'SCMP_CMP_MASKED_EQ':
      return equal({ ...argument, mask: operand }, word64(valueTwo ?? 0) & operand, ways);
  }
}

/** JSON.parse() rounds the highest values up to `2 ** 64`, which all bits set are meant by. */
export function word64(value: number | string): bigint {
  const exact = BigInt(value);
  return exact > HIGHEST ? HIGHEST : exact;
}

/** An argument as the words that BPF can load: offsets in `struct seccomp_data`. */
interface Words {
  graph: Graph;
  low: number;
  high: number | undefined;
  mask?: bigint;
}

function equal({ graph, low, high, mask }: Words, operand: bigint, { met, unmet }: Ways): Node {
  const word = (offset: number, shift: bigint, next: Node): Node => {
    const wanted = Number((operand >> shift) & LOW);
    const bits = mask === undefined ? LOW : (mask >> shift) & LOW;
    if (bits === 0n) return next; // nothing of this word is looked at
    const compared = graph.branch('equal', wanted, next, unmet);
    return graph.load(offset, bits === LOW ? compared : graph.mask(Number(bits), compared));
  };
  const lowWord = word(low, 0n, met);
  return high === undefined ? lowWord : word(high, WORD_BITS, lowWord);
}

/** The high words decide, unless they are equal. */
function order({ graph, low, high }: Words, how: 'greater' | 'greaterOrEqual', operand: bigint, ways: Ways): Node {
  const { met, unmet } = ways;
  const lowWord = graph.load(low, graph.branch(how, Number(operand & LOW), met, unmet));
  if (high === undefined) return lowWord;
  const wanted = Number((operand >> WORD_BITS) & LOW);
  return graph.load(high, graph.branch('greater', wanted, met, graph.branch('equal', wanted, lowWord, unmet)));
}
