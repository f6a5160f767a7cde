import type { Resources } from '@coracle/cgroups';

/** While a container is being born in a unit of systemd's there is the agent that gives birth to it, too. */
export const FEWEST_AT_BIRTH = 2;

/** Whether so few processes are allowed that none can be born while its maker is there. */
export function isCrowded({ pids }: Resources): boolean {
  return typeof pids === 'number' && pids < FEWEST_AT_BIRTH;
}
