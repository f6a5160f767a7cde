/**
 * Errno numbers, names and texts, and the one error type the Coracle packages throw.
 * @module
 */
export { type ErrnoName, errnoName, errnoNumber, errnoText } from './errno.ts';
export { editDistance, nearest } from './nearest.ts';
export { errnoOf, isErrno, SystemError, type SystemErrorDetails } from './system-error.ts';
