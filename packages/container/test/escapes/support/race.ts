import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { AttackPrograms } from './attack-programs.ts';

/** How long an attack is tried against the container. */
const RACE_MS = 2000;
/** So often at least, on a machine that has much else to do. Who wants to know for certain asks for thousands. */
const LEAST_ROUNDS = Number(process.env['CORACLE_RACE_ROUNDS'] ?? 12);
/** How long it is tried where nothing defends; it mostly takes a few rounds. */
const NAIVE_MS = 10_000;

/** How long a test with a race may take. */
export const RACE_TIMEOUT_MS: number = 60_000 + 200 * LEAST_ROUNDS;

/** Two names that change places, and what is tried meanwhile. */
export interface Race {
  names: readonly [string, string];
  /** Does the thing by path, as a careless runtime would; says whether it was fooled. */
  naive: () => boolean;
  /** Starts a container once. */
  round: (number: number) => Promise<void>;
}

/** What came of it. */
export interface Outcome {
  wasFooled: boolean;
  rounds: number;
  swaps: number;
}

/** Runs both while another process swaps the names. */
export async function race(attacks: AttackPrograms, { names, naive, round }: Race): Promise<Outcome> {
  const swapper = spawn(`${attacks.path}/swap`, [...names], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: swapper.stdout });
  const said: string[] = [];
  lines.on('line', (line) => said.push(line));
  const closed = once(lines, 'close');
  await once(lines, 'line');
  try {
    const wasFooled = repeat(NAIVE_MS, naive);
    // The first start takes longer: a worker may still be on its way.
    await round(0);
    const end = Date.now() + RACE_MS;
    let rounds = 1;
    for (; Date.now() < end || rounds < LEAST_ROUNDS; rounds++) await round(rounds);
    swapper.kill();
    await closed;
    return { wasFooled, rounds, swaps: Number(said[1]) };
  } finally {
    swapper.kill();
  }
}

function repeat(milliseconds: number, attempt: () => boolean): boolean {
  const end = Date.now() + milliseconds;
  while (Date.now() < end) if (attempt()) return true;
  return false;
}
