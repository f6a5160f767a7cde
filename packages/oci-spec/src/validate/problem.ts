/** One thing that is wrong with a configuration. */
export interface Problem {
  /** Where, as a JSON path: `$.process.args[0]`. */
  path: string;
  /** What is there, shortened: `"bash\u0000"`, `an array of 3`, `nothing`. */
  found: string;
  /** What may be there; completes the sentence "must be ...". */
  allowed: string;
}

const LONGEST_TEXT = 60;

/** Adds a problem; always `false`, so that a check can end with it. */
export function report(problems: Problem[], problem: { path: string; value: unknown; allowed: string }): false {
  problems.push({ path: problem.path, found: show(problem.value), allowed: problem.allowed });
  return false;
}

/** The path of a member of an object: `$.linux.sysctl["net.ipv4.ip_forward"]`. */
export function memberPath(at: string, name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? `${at}.${name}` : `${at}[${JSON.stringify(name)}]`;
}

/** A value in a few words, for a message. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : `an array of ${value.length}`;
  if (typeof value === 'string') {
    return JSON.stringify(value.length > LONGEST_TEXT ? `${value.slice(0, LONGEST_TEXT)}...` : value);
  }
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}
