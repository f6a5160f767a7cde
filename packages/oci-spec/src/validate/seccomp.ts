import { arrayOf, type Check, notEmpty, object, type Rule, required, where } from '../checks/check.ts';
import { memberPath, report } from '../checks/findings.ts';
import { integer, oneOf, text, uint32, uint64 } from '../checks/scalars.ts';
import {
  SECCOMP_ACTIONS,
  SECCOMP_ARCHITECTURES,
  SECCOMP_FLAGS,
  SECCOMP_OPERATORS,
  type Seccomp,
  type SeccompAction,
  type SeccompArgument,
  type SeccompRule,
} from '../types/seccomp.ts';
import { isExact } from './parse-exactly.ts';

/** {@link Seccomp}. */
export function seccomp(): Check<Seccomp> {
  return where(
    object<Seccomp>({
      defaultAction: required(seccompAction()),
      defaultErrnoRet: uint32,
      architectures: arrayOf(oneOf(SECCOMP_ARCHITECTURES)),
      flags: arrayOf(oneOf(SECCOMP_FLAGS)),
      listenerPath: text,
      listenerMetadata: text,
      syscalls: arrayOf(rule()),
    }),
    ({ defaultAction, defaultErrnoRet }, at, findings) => {
      errnoFits({ action: defaultAction, errno: defaultErrnoRet, path: memberPath(at, 'defaultErrnoRet') }, findings);
    },
    metadataHasListener,
  );
}

/**
 * What a rule does.
 * @example
 * const actions: Check<SeccompAction[]> = arrayOf(seccompAction());
 */
export function seccompAction(): Check<SeccompAction> {
  return oneOf(SECCOMP_ACTIONS);
}

/**
 * A condition of a rule.
 * @example
 * const conditions: Check<SeccompArgument[]> = arrayOf(seccompArgument());
 */
export function seccompArgument(): Check<SeccompArgument> {
  return object<SeccompArgument>({
    index: required(integer(0, 5)),
    value: required(operand),
    valueTwo: operand,
    op: required(oneOf(SECCOMP_OPERATORS)),
  });
}

/** 64 bits: a number, or its digits where JavaScript would round it. */
const operand: Check<number | string> = (value, at, findings): value is number | string =>
  isExact(value) || uint64(value, at, findings);

function rule(): Check<SeccompRule> {
  return where(
    object<SeccompRule>({
      names: required(where(arrayOf(text), notEmpty('an array with at least one name of a system call'))),
      action: required(seccompAction()),
      errnoRet: uint32,
      args: arrayOf(seccompArgument()),
    }),
    ({ action, errnoRet }, at, findings) => {
      errnoFits({ action, errno: errnoRet, path: memberPath(at, 'errnoRet') }, findings);
    },
  );
}

/** An errno beside an action that returns none would be lost without a word. */
function errnoFits(
  { action, errno, path }: { action: SeccompAction; errno: number | undefined; path: string },
  findings: Parameters<Rule<Seccomp>>[2],
): void {
  if (errno === undefined || action === 'SCMP_ACT_ERRNO' || action === 'SCMP_ACT_TRACE') return;
  report(findings, { path, value: errno, allowed: `absent, as ${action} returns no errno` });
}

const metadataHasListener: Rule<Seccomp> = ({ listenerPath, listenerMetadata }, at, findings) => {
  if (!listenerMetadata || listenerPath) return;
  const path = memberPath(at, 'listenerMetadata');
  report(findings, { path, value: listenerMetadata, allowed: 'absent, as there is no listenerPath' });
};
