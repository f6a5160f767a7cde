import type { Seccomp, SeccompArgument, SeccompRule } from '@coracle/oci-spec';
import { type FilteredArchitecture, numbersOf } from '@coracle/seccomp';

/** Those of the calls tried here whose first argument the kernel takes as an int. */
const TAKES_INT = ['personality', 'prctl'];

/** The OCI specification's words as code, with none of the compiler's: what a profile says of a call by name. */
export function verdictByTheBook(
  profile: Seccomp,
  architecture: FilteredArchitecture,
  name: string,
  args: readonly bigint[],
): string {
  const wide = architecture !== 'SCMP_ARCH_X86' && architecture !== 'SCMP_ARCH_ARM';
  const inForce = (profile.syscalls ?? []).filter(
    (rule) => rule.names.includes(name) && !repeatsDefault(profile, rule),
  );
  const always = inForce.find((rule) => isUnconditional(rule.args ?? [], wide));
  const rule =
    always ??
    inForce.find((one) => applies(one.args ?? [], args, (index) => wide && !(index === 0 && TAKES_INT.includes(name))));
  return rule ? show(rule.action, rule.errnoRet) : show(profile.defaultAction, profile.defaultErrnoRet);
}

/** Whether a number is above all that the profile names. */
export function isNewerThan(profile: Seccomp, architecture: FilteredArchitecture, number: number): boolean {
  const numbers = numbersOf(architecture);
  const named = (profile.syscalls ?? []).flatMap((rule) => rule.names.map((name) => numbers.get(name) ?? -1));
  return named.some((one) => one >= 0) && number > Math.max(...named);
}

export function show(action: string, data = 1): string {
  const kind = action === 'SCMP_ACT_KILL' ? 'SCMP_ACT_KILL_THREAD' : action;
  return ['SCMP_ACT_ERRNO', 'SCMP_ACT_TRACE'].includes(kind) ? `${kind} ${data}` : kind;
}

function repeatsDefault(profile: Seccomp, rule: SeccompRule): boolean {
  return show(rule.action, rule.errnoRet) === show(profile.defaultAction, profile.defaultErrnoRet);
}

/** A mask of no bits compares nothing. */
function isUnconditional(conditions: readonly SeccompArgument[], wide: boolean): boolean {
  const holds = conditions.map(
    ({ op, value }) => op === 'SCMP_CMP_MASKED_EQ' && BigInt.asUintN(wide ? 64 : 32, BigInt(value)) === 0n,
  );
  return isDoubled(conditions) ? holds.includes(true) : !holds.includes(false);
}

function isDoubled(conditions: readonly SeccompArgument[]): boolean {
  return new Set(conditions.map(({ index }) => index)).size < conditions.length;
}

function applies(
  conditions: readonly SeccompArgument[],
  args: readonly bigint[],
  isWide: (index: number) => boolean,
): boolean {
  const holds = (condition: SeccompArgument): boolean =>
    holdsFor(condition, args[condition.index] ?? 0n, isWide(condition.index));
  return isDoubled(conditions) ? conditions.some(holds) : conditions.every(holds);
}

function holdsFor({ op, value, valueTwo = 0 }: SeccompArgument, argument: bigint, wide: boolean): boolean {
  const cut = (number: bigint): bigint => BigInt.asUintN(wide ? 64 : 32, number);
  const [given, wanted, second] = [cut(argument), cut(BigInt(value)), cut(BigInt(valueTwo))];
  switch (op) {
    case 'SCMP_CMP_EQ':
      return given === wanted;
    case 'SCMP_CMP_NE':
      return given !== wanted;
    case 'SCMP_CMP_GT':
      return given > wanted;
    case 'SCMP_CMP_GE':
      return given >= wanted;
    case 'SCMP_CMP_LT':
      return given < wanted;
    case 'SCMP_CMP_LE':
      return given <= wanted;
    case 'SCMP_CMP_MASKED_EQ':
      return (given & wanted) === (second & wanted);
  }
}
