import { appendFileSync, writeSync } from 'node:fs';

/** Where and how errors and warnings are written. */
export interface LogOptions {
  /** Standard error if `undefined`. */
  file: string | undefined;
  format: 'text' | 'json';
  debug: boolean;
}

/** How bad it is: words that engines know. */
export type Level = 'error' | 'warning' | 'debug';

/**
 * A line as runc logs it: engines read the last one of level `error` to tell their users.
 * @param at when, in ISO 8601
 * @example
 * formatLine({ level: 'error', message: 'no such container', at: '2026-11-26T00:00:00Z' }, 'json');
 * // {"level":"error","msg":"no such container","time":"2026-11-26T00:00:00Z"}
 */
export function formatLine(
  { level, message, at }: { level: Level; message: string; at: string },
  format: LogOptions['format'],
): string {
  if (format === 'json') return JSON.stringify({ level, msg: message, time: at });
  return `time=${JSON.stringify(at)} level=${level} msg=${quote(message)}`;
}

/** What a terminal would obey or turn round is escaped, as runc does: a part of it may be somebody else's text. */
function quote(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u${character.codePointAt(0)?.toString(16).padStart(4, '0')}`,
  );
}

/**
 * Writes to the log. Where that cannot be written nothing can be told, and the command goes on all the same: it has its exit code.
 */
export function log(options: LogOptions, level: Level, message: string): void {
  if (level === 'debug' && !options.debug) return;
  const line = `${formatLine({ level, message, at: new Date().toISOString() }, options.format)}\n`;
  try {
    if (options.file === undefined) writeSync(2, line);
    else appendFileSync(options.file, line, { mode: 0o644 });
  } catch {
    // See above.
  }
}

/** What of an error is told in one line: the message, and what helps. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const hint: unknown = Reflect.get(error, 'hint');
  const message = `${engineWords(error)}${error.message}`;
  return typeof hint === 'string' ? `${message}; ${hint}` : message;
}

/** Words by which engines tell a program that is not there from other failures, since they have only the text to go by. */
function engineWords(error: Error): string {
  if (error.name !== 'ProgramError') return '';
  const { path } = { path: '', ...error };
  if (Reflect.get(error, 'isAbsent') === true)
    return path.includes('/')
      ? `exec: ${JSON.stringify(path)}: stat ${path}: no such file or directory: `
      : `exec: ${JSON.stringify(path)}: executable file not found in $PATH: `;
  // The file is there: it is its interpreter that is not.
  if (Reflect.get(error, 'exitCode') === 127) return `exec ${path}: no such file or directory: `;
  return `exec: ${JSON.stringify(path)}: permission denied: `;
}

/** Where an error came from, for those who look for a fault in this command. */
export function traceError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const suppressed: unknown = Reflect.get(error, 'suppressed');
  const more = Array.isArray(suppressed) ? suppressed.map((one) => `\nsuppressed: ${traceError(one)}`).join('') : '';
  return `${error.stack ?? error.message}${error.cause === undefined ? '' : `\ncause: ${traceError(error.cause)}`}${more}`;
}
