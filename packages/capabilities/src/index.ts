/**
 * The five capability sets of a container: names, Docker's defaults, add and drop, and the steps that put them in force.
 *
 * Sets are numbers, a bit for each capability; lists of names are read and written in the form of the OCI runtime
 * specification.
 * @module
 */
export {
  type AvailableCapabilities,
  type AvailableOptions,
  availableCapabilities,
} from './available-capabilities.ts';
export { DEFAULT_CAPABILITIES } from './default-capabilities.ts';
export { describeCapabilities, describeMask } from './describe-capabilities.ts';
export { limitTo } from './limit-to.ts';
export { allCapabilities, type CapabilityMask, fromMask, numbersOf, toMask } from './mask.ts';
export {
  CAPABILITY_NAMES,
  type CapabilityName,
  capabilityNumber,
  isCapabilityName,
  lastCapability,
} from './names.ts';
export { parseCapability } from './parse-capability.ts';
export { type CapabilityPlan, planCapabilities } from './plan-capabilities.ts';
export { readCapabilities } from './read-capabilities.ts';
export { type CapabilityRequest, resolveCapabilities } from './resolve-capabilities.ts';
export { type Capabilities, type CapabilitySets, checkSets, formatCapabilities, parseCapabilities } from './sets.ts';
export {
  dropBounding,
  keepCapabilities,
  type SecurebitName,
  setCapabilities,
  setSecurebits,
} from './steps.ts';
