/**
 * Containers on a terminal.
 * @module
 */
export { type AttachedTerminal, attachTerminal } from './attach-terminal.ts';
export { runOnTerminal, type TerminalEnds } from './run-on-terminal.ts';
