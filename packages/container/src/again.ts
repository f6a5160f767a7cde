/**
 * Starting a container once more by what started another: for a command, which has to think through each of its containers anew.
 * @module
 */
export { nullStdio } from './null-stdio.ts';
export { randomId } from './random-id.ts';
export { signalNumber } from './result.ts';
export type { ReportPart, SentStart } from './sent-start.ts';
export { type StartedAgain, startAgain } from './start-again.ts';
export { checkStateRoot, defaultStateRoot } from './state/state-root.ts';
export { isSwept } from './state/sweep.ts';
