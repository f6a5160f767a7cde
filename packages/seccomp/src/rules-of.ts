import type { Seccomp, SeccompArgument, SeccompRule } from '@coracle/oci-spec';
import { type FilteredArchitecture, hasWideArguments, numbersOf } from './architectures.ts';
import { word64 } from './conditions.ts';
import { otherWay } from './multiplexed.ts';
import { leniency, verdictOf } from './verdict.ts';

/** What a profile says of one system call. */
export interface CallRules {
  /** In the order of the profile: the first whose conditions all hold decides. Empty when a rule has no conditions. */
  conditional: { conditions: readonly SeccompArgument[]; verdict: number }[];
  /** By which the profile knows it. */
  name: string;
  /** What happens else. */
  otherwise: number;
}

/**
 * What a profile says of each system call of an architecture, by number; the default action is not in it.
 *
 * As with libseccomp and runc: names the architecture does not know are skipped; so are rules that repeat the default; a
 * rule without conditions outdoes those with, wherever it stands; of two without, the first counts; and a rule that has
 * several conditions on the same argument stands for several rules with one condition each.
 */
export function rulesOf(profile: Seccomp, architecture: FilteredArchitecture): Map<number, CallRules> {
  const numbers = numbersOf(architecture);
  const fallback = verdictOf(profile.defaultAction, profile.defaultErrnoRet);
  const all = new Map<number, CallRules & { settled?: true }>();

  const add = (name: string, verdict: number, alternatives: readonly (readonly SeccompArgument[])[]): void => {
    const number = numbers.get(name);
    if (number === undefined) return;
    const rules = all.get(number) ?? { name, conditional: [], otherwise: fallback };
    if (rules.settled) return;
    if (alternatives.length === 0) all.set(number, { name, conditional: [], otherwise: verdict, settled: true });
    else {
      for (const conditions of alternatives) rules.conditional.push({ conditions, verdict });
      all.set(number, rules);
    }
  };

  for (const rule of profile.syscalls ?? []) {
    const verdict = verdictOf(rule.action, rule.errnoRet);
    if (verdict === fallback) continue;
    const alternatives = alternativesOf(rule, hasWideArguments(architecture));
    for (const name of rule.names) {
      add(name, verdict, alternatives);
      const other = otherWay(architecture, name);
      // Arguments behind a pointer can't be tested. What would allow more than the default is then not allowed that way.
      if (!other || (alternatives.length > 0 && leniency(rule.action) > leniency(profile.defaultAction))) continue;
      add(other.name, verdict, [[{ index: 0, value: other.selector, op: 'SCMP_CMP_EQ' }]]);
    }
  }
  return all;
}

function alternativesOf({ args = [] }: SeccompRule, wide: boolean): readonly (readonly SeccompArgument[])[] {
  const indexes = new Set(args.map(({ index }) => index));
  const ways = indexes.size === args.length ? [args] : args.map((condition) => [condition]);
  const real = ways.map((conditions) => conditions.filter((condition) => !alwaysHolds(condition, wide)));
  return real.some((conditions) => conditions.length === 0) ? [] : real;
}

/** No bit is compared: to libseccomp, and so here, a rule of nothing else is one without conditions. */
function alwaysHolds({ op, value }: SeccompArgument, wide: boolean): boolean {
  return op === 'SCMP_CMP_MASKED_EQ' && BigInt.asUintN(wide ? 64 : 32, word64(value)) === 0n;
}
