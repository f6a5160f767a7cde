/** One thing that is wrong with a configuration. */
export interface Problem {
  /** Where, as a JSON path: `$.process.args[0]`. */
  path: string;
  /** What is there, shortened: `"bash\u0000"`, `an array of 3`, `nothing`. */
  found: string;
  /** What may be there; completes the sentence "must be ...". */
  allowed: string;
  /** What was probably meant, where a word is nearly one of those that are allowed. */
  hint?: string;
}

/** Something that is allowed and yet probably not what was meant. */
export interface Remark {
  /** Where, as a JSON path. */
  path: string;
  /** Goes on after the path: "is not a field of the specification and is ignored". */
  text: string;
  /** The field that the misspelt one was probably to be. */
  meant?: string;
}

/** What checks have found so far. */
export interface Findings {
  /** What is wrong, in the order of the fields. */
  problems: Problem[];
  /** What is only odd. */
  remarks: Remark[];
}

const LONGEST_TEXT = 60;

/**
 * Adds a problem; always `false`, so that a check can end with it.
 * @example
 * const even: Check<number> = (value, at, findings): value is number =>
 *   (typeof value === 'number' && value % 2 === 0) || report(findings, { path: at, value, allowed: 'an even number' });
 */
export function report(
  findings: Findings,
  { path, value, allowed, hint }: { path: string; value: unknown; allowed: string; hint?: string | undefined },
): false {
  findings.problems.push({ path, found: show(value), allowed, ...(hint !== undefined && { hint }) });
  return false;
}

/**
 * The path of a member of an object.
 * @example
 * memberPath('$.linux.sysctl', 'net.ipv4.ip_forward'); // '$.linux.sysctl["net.ipv4.ip_forward"]'
 */
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
