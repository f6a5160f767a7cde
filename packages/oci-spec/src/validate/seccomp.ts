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
import { arrayOf, type Check, notEmpty, object, required, where } from './check.ts';
import { integer, oneOf, text, uint32, uint64 } from './scalars.ts';

export const action: Check<SeccompAction> = oneOf(SECCOMP_ACTIONS);

export const argument: Check<SeccompArgument> = object<SeccompArgument>({
  index: required(integer(0, 5)),
  value: required(uint64),
  valueTwo: uint64,
  op: required(oneOf(SECCOMP_OPERATORS)),
});

const rule: Check<SeccompRule> = object<SeccompRule>({
  names: required(where(arrayOf(text), notEmpty('an array with at least one name of a system call'))),
  action: required(action),
  errnoRet: uint32,
  args: arrayOf(argument),
});

/** {@link Seccomp}. */
export const seccomp: Check<Seccomp> = object<Seccomp>({
  defaultAction: required(action),
  defaultErrnoRet: uint32,
  architectures: arrayOf(oneOf(SECCOMP_ARCHITECTURES)),
  flags: arrayOf(oneOf(SECCOMP_FLAGS)),
  listenerPath: text,
  listenerMetadata: text,
  syscalls: arrayOf(rule),
});
