/** What was looked at on this machine, and whether containers can live with it. */
export interface Check {
  /** A few words: `'user namespaces'`. */
  topic: string;
  /** `'missing'`: this user cannot run containers here; `'warning'`: it works, with less than Coracle can do. */
  status: 'ok' | 'missing' | 'warning';
  /** What this machine has. */
  found: string;
  /** What Coracle wants, and for what. */
  needed: string;
  /** The exact command that helps; `undefined` when all is well or no command can. */
  fix?: string;
}

/** A judgement before its topic and its need are put to it. */
export type Finding = Pick<Check, 'status' | 'found'> & { fix?: string | undefined };

/** The check of a topic. */
export function check(topic: string, needed: string, { status, found, fix }: Finding): Check {
  return fix === undefined ? { topic, status, found, needed } : { topic, status, found, needed, fix };
}
