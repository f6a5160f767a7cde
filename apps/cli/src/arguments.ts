import { parseArgs } from 'node:util';
import { type OptionRow, parserOptions } from './option-table.ts';

/** A command line that cannot be meant. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'ERR_CORACLE_USAGE';
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** Options by their long names. */
export class Options {
  readonly #values: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

  constructor(values: Options['values']) {
    this.#values = values;
  }

  get values(): Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>> {
    return this.#values;
  }

  /** Whether a switch was given. */
  has(name: string): boolean {
    return this.#values[name] === true;
  }

  /** The value of an option, `undefined` when it was not given. */
  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** The values of an option that may be given more than once. */
  list(name: string): string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
  }
}

/**
 * Splits a command line into options and the words from the first one that is no option: what follows belongs to the
 * program in the container, whatever it looks like.
 * @throws {UsageError} for an unknown option or a missing value
 */
export function parseArguments(
  args: readonly string[],
  rows: readonly OptionRow[],
): { options: Options; words: string[] } {
  const options = parserOptions(rows);
  const end = firstWord(args, options);
  try {
    const { values } = parseArgs({ args: args.slice(0, end), options, strict: true, allowPositionals: false });
    return { options: new Options(values), words: args.slice(args[end] === '--' ? end + 1 : end) };
  } catch (error) {
    throw usageError(error, rows);
  }
}

function firstWord(args: readonly string[], options: ReturnType<typeof parserOptions>): number {
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true });
  return tokens.find(({ kind }) => kind === 'positional' || kind === 'option-terminator')?.index ?? args.length;
}

function usageError(error: unknown, rows: readonly OptionRow[]): UsageError {
  const message = error instanceof Error ? error.message : String(error);
  const unknown = /Unknown option '(-[^']*)'/.exec(message)?.[1];
  if (unknown !== undefined) {
    const near = nearest(
      unknown.replace(/^-+/, ''),
      rows.map(({ long }) => long),
    );
    return new UsageError(`there is no option ${unknown}`, near ? `did you mean --${near}?` : 'see coracle run --help');
  }
  const missing = /Option '(?:-\w, )?(--[\w-]+) <value>' argument missing/.exec(message)?.[1];
  if (missing !== undefined) return new UsageError(`${missing} needs a value`, 'see coracle run --help');
  const surplus = /Option '(?:-\w, )?(--[\w-]+)' does not take an argument/.exec(message)?.[1];
  if (surplus !== undefined) return new UsageError(`${surplus} takes no value`, 'see coracle run --help');
  return new UsageError(message.split('. ')[0] ?? message, 'see coracle run --help');
}

/** The candidate that takes the fewest changes, if it takes few. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(word, candidate) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best && best.distance <= Math.max(2, Math.floor(word.length / 3)) ? best.candidate : undefined;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
