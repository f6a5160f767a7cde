import { parseArgs } from 'node:util';
import { nearest } from '@coracle/errors';

/** An option of a command. */
export interface OptionRow {
  long: string;
  short?: string;
  /** What stands for its value in the help; a switch has none. */
  value?: string;
  /** May be given more than once. */
  many?: boolean;
  help: string;
}

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

/** The options that were given, by their long names. */
export class Options {
  readonly #values: ReadonlyMap<string, readonly string[]>;

  constructor(values: ReadonlyMap<string, readonly string[]>) {
    this.#values = values;
  }

  /** Whether a switch is on: `--force`, and `--force=true`, but not `--force=false`. */
  has(name: string): boolean {
    const value = this.text(name);
    return value !== undefined && value !== 'false';
  }

  /** The value that was given last; `undefined` when there is none. */
  text(name: string): string | undefined {
    return this.#values.get(name)?.at(-1);
  }

  /** All values, in the order they were given. */
  list(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  /**
   * The value as a whole number from 0 on.
   * @throws {UsageError} for anything else
   */
  count(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    if (/^\d{1,15}$/.test(text)) return Number(text);
    throw new UsageError(`--${name} needs a number, and not ${JSON.stringify(text)}`);
  }
}

/**
 * Splits a command line into the options in front and the words from the first one on that is none: they may be those of a program
 * in the container, whatever they look like.
 * @throws {UsageError} for an option that is not among `rows`, and for a missing value
 * @example
 * parseCommandLine(['--force', 'web'], [{ long: 'force', short: 'f', help: '' }]).words; // ['web']
 */
export function parseCommandLine(
  args: readonly string[],
  rows: readonly OptionRow[],
): { options: Options; words: string[] } {
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(rows.map((row) => [row.long, kindOf(row)])),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind === 'option-terminator') return { options: new Options(values), words: args.slice(token.index + 1) };
    if (token.kind === 'positional') return { options: new Options(values), words: args.slice(token.index) };
    const row = rows.find(({ long }) => long === token.name);
    if (!row) throw unknownOption(token.rawName, rows);
    if (row.value !== undefined && token.value === undefined)
      throw new UsageError(`${token.rawName} needs a value`, `write ${token.rawName} ${row.value}`);
    values.set(row.long, [...(values.get(row.long) ?? []), token.value ?? 'true']);
  }
  return { options: new Options(values), words: [] };
}

function kindOf({ value, short }: OptionRow): { type: 'string' | 'boolean'; short?: string } {
  return { type: value === undefined ? 'boolean' : 'string', ...(short === undefined ? {} : { short }) };
}

function unknownOption(given: string, rows: readonly OptionRow[]): UsageError {
  const near = given.startsWith('--')
    ? nearest(
        given.slice(2),
        rows.map(({ long }) => long),
      )
    : undefined; // every letter is near every short word
  return new UsageError(`there is no option ${given}`, near ? `did you mean --${near}?` : 'see --help');
}

/**
 * The only word of a command: the id of a container.
 * @throws {UsageError} when there is none, or more than one
 */
export function onlyId(words: readonly string[], verb: string): string {
  const [id, surplus] = words;
  if (id === undefined || id === '') throw new UsageError(`${verb} needs the id of a container`, `write ${verb} ID`);
  if (surplus !== undefined) throw new UsageError(`${verb} takes one id, and there is also ${JSON.stringify(surplus)}`);
  return id;
}
