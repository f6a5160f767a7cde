/**
 * What the validation is made of, for formats that hold a part of a configuration: checks that name the JSON path.
 * @module
 */
export {
  arrayOf,
  type Check,
  type Fields,
  notEmpty,
  object,
  type RequiredField,
  type Rule,
  recordOf,
  required,
  uniqueTypes,
  where,
} from './check.ts';
export { type EnsureOptions, ensure } from './ensure.ts';
export { type Findings, memberPath, type Problem, type Remark, report } from './findings.ts';
export {
  absolutePath,
  boolean,
  id,
  int64,
  integer,
  matching,
  name,
  oneOf,
  text,
  uint16,
  uint32,
  uint64,
  variable,
} from './scalars.ts';
