import { type Bus, openBus } from '@coracle/cgroups/systemd';
import type { SystemdManager } from './unit.ts';

/** How long systemd may take for an answer, or a job: as long as runc waits. */
const TIMEOUT_MS = 30_000;

/** A connection for one conversation: none is left that would keep this process alive. */
export async function withBus<Answer>(
  { bus: address }: SystemdManager,
  talk: (bus: Bus) => Promise<Answer>,
): Promise<Answer> {
  using bus = await openBus(address, { timeoutMs: TIMEOUT_MS });
  return await talk(bus);
}
