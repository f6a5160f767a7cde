import { parseArgs } from 'node:util';
import { nearest } from '@coracle/errors';
import { type OptionRow, parserOptions } from './option-table.ts';

type Token = NonNullable<ReturnType<typeof parseArgs<{ tokens: true; strict: false }>>['tokens']>[number];

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
  const { own, end } = ownTokens(args, rows);
  try {
    const { values } = parseArgs({
      args: joinNumbersBelowZero(args.slice(0, end), own),
      options: parserOptions(rows),
      strict: true,
      allowPositionals: false,
    });
    return { options: new Options(values), words: args.slice(args[end] === '--' ? end + 1 : end) };
  } catch (error) {
    throw usageError(error, rows);
  }
}

/**
 * The options of a command that takes no words.
 * @throws {UsageError} as {@link parseArguments}, and for a word
 */
export function parseOptions(command: string, args: readonly string[], rows: readonly OptionRow[]): Options {
  const { options, words } = parseArguments(args, rows);
  const [surplus] = words;
  if (surplus !== undefined)
    throw new UsageError(
      `coracle ${command} takes no words, but there is ${JSON.stringify(surplus)}`,
      `write coracle ${command}; the options of a command are told by coracle COMMAND --help`,
    );
  return options;
}

/** Whether a switch stands among Coracle's own options, in a command line that may be wrong in any other way. */
export function hasSwitch(args: readonly string[], rows: readonly OptionRow[], name: string): boolean {
  return ownTokens(args, rows).own.some((token) => token.kind === 'option' && token.name === name);
}

/** The tokens before the program's words, and the index at which these begin. */
function ownTokens(args: readonly string[], rows: readonly OptionRow[]): { own: Token[]; end: number } {
  const { tokens } = parseArgs({
    args: [...args],
    options: parserOptions(rows),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const first = tokens.findIndex(({ kind }) => kind === 'positional' || kind === 'option-terminator');
  return { own: first < 0 ? tokens : tokens.slice(0, first), end: tokens[first]?.index ?? args.length };
}

/** Docker's `--pids-limit -1`: parseArgs takes what begins with a dash as a value only when it is joined to its option. */
function joinNumbersBelowZero(args: readonly string[], tokens: readonly Token[]): string[] {
  const joined: (string | undefined)[] = [...args];
  for (const token of tokens) {
    if (token.kind !== 'option' || token.inlineValue !== false || !/^-\d/.test(token.value)) continue;
    joined[token.index] += token.rawName.startsWith('--') ? `=${token.value}` : token.value;
    joined[token.index + 1] = undefined;
  }
  return joined.filter((arg) => arg !== undefined);
}

function usageError(error: unknown, rows: readonly OptionRow[]): UsageError {
  const message = error instanceof Error ? error.message : String(error);
  const unknown = /Unknown option '(-[^']*)'/.exec(message)?.[1];
  if (unknown !== undefined) {
    const near = unknown.startsWith('--')
      ? nearest(
          unknown.slice(2),
          rows.map(({ long }) => long),
        )
      : undefined; // every letter is near every short word
    return new UsageError(`there is no option ${unknown}`, near ? `did you mean --${near}?` : 'see coracle run --help');
  }
  const missing = /Option '(?:-\w, )?(--[\w-]+) <value>' argument missing/.exec(message)?.[1];
  if (missing !== undefined) return new UsageError(`${missing} needs a value`, 'see coracle run --help');
  const dashed = /Option '(?:-\w, )?(-[\w-]+)' argument is ambiguous/.exec(message)?.[1];
  if (dashed !== undefined)
    return new UsageError(
      `${dashed} needs a value, and an option follows`,
      `to give a value that begins with a dash, join them: ${dashed}${dashed.startsWith('--') ? '=' : ''}-x`,
    );
  const surplus = /Option '(?:-\w, )?(--[\w-]+)' does not take an argument/.exec(message)?.[1];
  if (surplus !== undefined) return new UsageError(`${surplus} takes no value`, 'see coracle run --help');
  return new UsageError(message.split('. ')[0] ?? message, 'see coracle run --help');
}
