import type { ExecCPUAffinity } from '@coracle/oci-spec';
import { type Step, step } from '@coracle/syscalls';
import { cannot } from '../oci/config-error.ts';
import { parseNumberList } from '../oci/number-list.ts';

/** Steps that keep a program that enters a container to some processors. */
export interface AffinityPlan {
  /** By the agent, on the host: where it runs until the program is in the group of the container. */
  before: Step[];
  /** By the program, inside. None where nothing is said: the settings of all programs let the group decide. */
  inside: Step[];
}

/**
 * Plans on which processors a further program runs.
 * @throws {ConfigError} for what is no list of processors
 * @see sched_setaffinity(2)
 */
export function planAffinity({ initial, final }: ExecCPUAffinity = {}): AffinityPlan {
  return { before: keepTo('initial', initial), inside: keepTo('final', final) };
}

function keepTo(when: keyof ExecCPUAffinity, list: string | undefined): Step[] {
  if (list === undefined || list === '') return [];
  const processors = parseNumberList(list);
  if (!processors)
    throw cannot({ path: `$.process.execCPUAffinity.${when}`, value: list }, "a list of processors such as '0-1,3'");
  const mask = new Uint8Array(8 * Math.ceil((Math.max(...processors) + 1) / 64));
  for (const number of processors) mask[number >> 3] = (mask[number >> 3] ?? 0) | (1 << (number & 7));
  return [step('sched_setaffinity', [0, mask.length, mask], `run on the processors ${list}`)];
}
