import { parseArgs } from 'node:util';
import { nearest } from '@coracle/errors';
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
