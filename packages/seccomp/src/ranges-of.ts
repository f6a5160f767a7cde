import type { Seccomp } from '@coracle/oci-spec';
import { type FilteredArchitecture, hasWideArguments, numbersOf, PRIVATE_CALLS, X32_BIT } from './architectures.ts';
import { testConditions } from './conditions.ts';
import type { Graph, Node } from './graph.ts';
import { isNarrow } from './narrow-arguments.ts';
import { type CallRules, rulesOf } from './rules-of.ts';
import type { Range } from './search.ts';
import { ENOSYS, verdictOf } from './verdict.ts';

/**
 * What a profile makes of each number of an architecture, as ranges from the architecture's first number on. Numbers
 * above all that the profile names are of calls newer than the profile.
 */
export function rangesOf(graph: Graph, profile: Seccomp, architecture: FilteredArchitecture): Range[] {
  const fallback = fallbackOf(graph, profile);
  const tooNew = verdictForNewCalls(graph, profile);
  const last = lastNumber(profile, architecture);
  const ranges: Range[] = [{ from: architecture === 'SCMP_ARCH_X32' ? X32_BIT : 0, node: fallback }];
  let next = 0;
  const gapUpTo = (number: number): void => {
    if (next < number && next <= last) ranges.push({ from: next, node: fallback });
    if (Math.max(next, last + 1) < number) ranges.push({ from: Math.max(next, last + 1), node: tooNew });
  };
  const rules = rulesOf(profile, architecture);
  // Numbers alone are sorted without a call of ours for each comparison, of which there are thousands.
  for (const number of Uint32Array.from(rules.keys()).sort()) {
    const callRules = rules.get(number);
    if (!callRules) continue;
    gapUpTo(number);
    ranges.push({ from: number, node: nodeOf(graph, callRules, hasWideArguments(architecture)) });
    next = number + 1;
  }
  gapUpTo(Number.POSITIVE_INFINITY);
  return ranges;
}

/** The verdict for calls that the profile does not name. */
export function fallbackOf(graph: Graph, { defaultAction, defaultErrnoRet }: Seccomp): Node {
  return graph.verdict(verdictOf(defaultAction, defaultErrnoRet));
}

/** Where they would be let through, or a tracer decides, they are treated like all others. */
function verdictForNewCalls(graph: Graph, profile: Seccomp): Node {
  const lenient = ['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG', 'SCMP_ACT_TRACE'].includes(profile.defaultAction);
  return lenient ? fallbackOf(graph, profile) : graph.verdict(verdictOf('SCMP_ACT_ERRNO', ENOSYS));
}

/** The highest number that the profile names, private calls aside; all numbers when it names none. */
function lastNumber({ syscalls = [] }: Seccomp, architecture: FilteredArchitecture): number {
  const numbers = numbersOf(architecture);
  const base = architecture === 'SCMP_ARCH_X32' ? X32_BIT : 0;
  let last = -1;
  for (const { names } of syscalls) {
    for (const name of names) {
      const number = numbers.get(name) ?? -1;
      if (number > last && number - base < PRIVATE_CALLS) last = number;
    }
  }
  return last < 0 ? Number.POSITIVE_INFINITY : last;
}

function nodeOf(graph: Graph, { name, conditional, otherwise }: CallRules, wide: boolean): Node {
  const isWide = (index: number): boolean => wide && !isNarrow(name, index);
  return conditional.reduceRight(
    (unmet, { conditions, verdict }) =>
      testConditions(graph, conditions, isWide, { met: graph.verdict(verdict), unmet }),
    graph.verdict(otherwise),
  );
}
