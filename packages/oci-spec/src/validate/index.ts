/**
 * Validation of configurations, states and features: the errors name the JSON path, what was found and what is allowed.
 * An entry of its own, so that who only makes configurations does not load it.
 * @module
 */
export { parseExactly } from './parse-exactly.ts';
export { seccompAction, seccompArgument } from './seccomp.ts';
export {
  parseConfig,
  parseProcess,
  parseResources,
  parseState,
  type ValidateOptions,
  validateConfig,
  validateFeatures,
  validateProcess,
  validateResources,
  validateState,
} from './validate.ts';
