/**
 * What the tests of several packages share. Never shipped.
 * @module
 */
export { needs, type Requirement } from './needs.ts';
