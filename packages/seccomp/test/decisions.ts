import type { Seccomp, SeccompRule } from '@coracle/oci-spec';

/** What a profile decides on each call it names: `'ALLOW'`, `'ERRNO 38'`, `'ALLOW arg0 EQ 39 | ALLOW arg0 LT 38'`. */
export function decisionsOf({ syscalls = [] }: Seccomp): Record<string, string> {
  const texts = new Map<string, Set<string>>();
  for (const rule of syscalls) {
    for (const name of rule.names) texts.set(name, (texts.get(name) ?? new Set()).add(textOf(rule)));
  }
  return Object.fromEntries([...texts].map(([name, set]) => [name, [...set].sort().join(' | ')]));
}

function textOf({ action, errnoRet, args = [] }: SeccompRule): string {
  const tests = args.map(({ index, op, value, valueTwo = 0 }) => {
    const operands = op === 'SCMP_CMP_MASKED_EQ' ? `${value} ${valueTwo}` : `${value}`;
    return `arg${index} ${op.replace('SCMP_CMP_', '')} ${operands}`;
  });
  return [
    action.replace('SCMP_ACT_', ''),
    ...(errnoRet ? [errnoRet] : []),
    ...(tests.length ? [tests.join(' and ')] : []),
  ].join(' ');
}
