import { existsSync } from 'node:fs';
import {
  checkStateRoot,
  defaultStateRoot,
  isSwept,
  nullStdio,
  randomId,
  signalNumber,
  startAgain,
} from '@coracle/container/again';
import { isTerminal } from '@coracle/syscalls';
import { forwardSignals } from '../forward-signals.ts';
import { tell } from '../output.ts';
import { renderError } from '../render/error.ts';
import { stateRootOf } from '../state-root.ts';
import { askedOf } from './asked.ts';
import { holds } from './facts.ts';
import { keptIn } from './kept-in.ts';
import { isFor, type KnownStart, placeOf, recall } from './known-start.ts';

/**
 * Does what the words of this process ask for, if it is a start that is known and everything it was planned from is still so.
 * @param build the program that would do it otherwise
 * @returns `undefined` when it is not; otherwise the exit code, or `undefined` when it could not be started after all
 */
export function replay(build: string): Promise<number | undefined> | undefined {
  const known = lookUp(build);
  return known && start(known);
}

/** Whatever is wrong with what is kept, or with the host: who plans anew will tell of it. */
function lookUp(build: string): KnownStart | undefined {
  try {
    const asked = askedOf(process, { build, isTerminal, nullStdio });
    if (!asked) return undefined;
    const stateRoot = stateRootOf(process.env) ?? defaultStateRoot(asked.uid);
    const directory = keptIn(stateRoot, process.env);
    const place = directory && placeOf(directory, asked);
    if (!place || !existsSync(place)) return undefined;
    if (![directory, stateRoot].every((one) => checkStateRoot(one, asked.uid))) return undefined;
    const known = recall(place);
    const isSo =
      isFor(asked, known) &&
      known.sent.stateRoot === stateRoot &&
      isSwept(stateRoot) &&
      known.env.every(([name, value]) => (process.env[name] ?? null) === value) &&
      known.facts.every(holds);
    return isSo ? known : undefined;
  } catch {
    return undefined;
  }
}

async function start({ sent, said }: KnownStart): Promise<number | undefined> {
  const signals = forwardSignals();
  try {
    const container = await startAgain(sent, { id: randomId(), stdio: [0, 1, 2] });
    if (!container) return undefined;
    signals.to({ kill: (signal) => container.signal(signalNumber(signal) ?? 0) });
    for (const line of said.atStart) tell(line);
    const { end, oomKilled } = await container.ended;
    if (said.outOfMemory !== undefined && oomKilled) tell(said.outOfMemory);
    return 'exitCode' in end ? end.exitCode : 128 + end.signal;
  } catch (error) {
    tell(renderError(error, { debug: false, json: said.json }));
    return 125;
  } finally {
    signals.stop();
  }
}
