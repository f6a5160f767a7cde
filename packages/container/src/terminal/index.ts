/**
 * Containers on a terminal.
 * @module
 */
export { runOnTerminal, type TerminalEnds } from './run-on-terminal.ts';
