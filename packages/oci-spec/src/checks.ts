import { arrayOf, object, required, where } from './validate/check.ts';
import { memberPath, report } from './validate/problem.ts';
import { matching, oneOf, text, uint32 } from './validate/scalars.ts';
import { action, argument } from './validate/seccomp.ts';

/** See {@link checks}. */
export interface Checks {
  arrayOf: typeof arrayOf;
  object: typeof object;
  required: typeof required;
  where: typeof where;
  memberPath: typeof memberPath;
  report: typeof report;
  matching: typeof matching;
  oneOf: typeof oneOf;
  text: typeof text;
  uint32: typeof uint32;
  seccompAction: typeof action;
  seccompArgument: typeof argument;
}

/** What validateConfig is made of, for formats that hold a part of a configuration: checks that name the JSON path. */
export const checks: Checks = {
  arrayOf,
  object,
  required,
  where,
  memberPath,
  report,
  matching,
  oneOf,
  text,
  uint32,
  seccompAction: action,
  seccompArgument: argument,
};
