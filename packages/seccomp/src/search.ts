import type { Graph, Node } from './graph.ts';

/** From this number on, up to the next range, all calls are treated alike. */
export interface Range {
  from: number;
  node: Node;
}

/**
 * The part of a filter that finds the range of the number in the accumulator: a balanced tree of comparisons.
 * @param ranges ascending; the first starts at or below every number that can come
 */
export function search(graph: Graph, ranges: readonly Range[]): Node {
  const merged = ranges.filter(({ node }, index) => index === 0 || ranges[index - 1]?.node !== node);
  return subtree(graph, merged);
}

function subtree(graph: Graph, ranges: readonly Range[]): Node {
  const [first, second, third] = ranges;
  if (!first) throw new RangeError('A search needs at least one range');
  if (!second) return first.node;
  if (ranges.length === 3 && third && first.node === third.node && second.from + 1 === third.from) {
    return graph.branch('equal', second.from, second.node, first.node);
  }
  const middle = ranges.length >> 1;
  const right = ranges.slice(middle);
  const from = right[0]?.from ?? 0;
  return graph.branch('greaterOrEqual', from, subtree(graph, right), subtree(graph, ranges.slice(0, middle)));
}
