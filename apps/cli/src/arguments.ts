import { nearest } from '@coracle/errors';
import type { OptionRow } from './option-table.ts';

/** An option as it was written. */
interface Option {
  /** With its dashes. */
  rawName: string;
  /** Its row; `undefined` for one that there is not. */
  row: OptionRow | undefined;
  value: string | undefined;
  /** The value is part of the same word. */
  isInline: boolean;
}

const SEE_HELP = 'see coracle COMMAND --help';

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
 * @throws {UsageError} for an unknown option, a missing value or one too many
 */
export function parseArguments(
  args: readonly string[],
  rows: readonly OptionRow[],
): { options: Options; words: string[] } {
  const { own, end } = ownOptions(args, rows);
  const values: Record<string, string | boolean | string[]> = {};
  for (const option of own) {
    const { row } = option;
    if (!row) throw unknownOption(option, rows);
    const value = given(option, row);
    const earlier = values[row.long];
    values[row.long] =
      typeof value === 'string' && row.many ? [...(Array.isArray(earlier) ? earlier : []), value] : value;
  }
  return { options: new Options(values), words: args.slice(args[end] === '--' ? end + 1 : end) };
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
  return ownOptions(args, rows).own.some(({ row }) => row?.long === name);
}

/**
 * The options before the program's words, and the index at which these begin. What `util.parseArgs` makes of them, which is
 * loaded in more time than all of this takes.
 */
function ownOptions(args: readonly string[], rows: readonly OptionRow[]): { own: Option[]; end: number } {
  const own: Option[] = [];
  let end = 0;
  for (let word = args[end]; word !== undefined && /^-./s.test(word) && word !== '--'; word = args[end]) {
    const options = word.startsWith('--') ? [longOption(word, rows)] : shortOptions(word, rows);
    const last = options.at(-1);
    end++;
    if (last?.row?.value !== undefined && !last.isInline) {
      last.value = args[end];
      end++;
    }
    own.push(...options);
  }
  return { own, end: Math.min(end, args.length) };
}

function longOption(word: string, rows: readonly OptionRow[]): Option {
  const [rawName = '', ...rest] = word.split('=');
  const row = rows.find(({ long }) => long === rawName.slice(2));
  return { rawName, row, value: rest.length > 0 ? rest.join('=') : undefined, isInline: rest.length > 0 };
}

/** Letters may be written together; what stands behind one that takes a value is its value. */
function shortOptions(word: string, rows: readonly OptionRow[]): Option[] {
  const options: Option[] = [];
  const letters = [...word.slice(1)];
  for (const [index, letter] of letters.entries()) {
    const row = rows.find(({ short }) => short === letter);
    const behind = row?.value === undefined ? '' : letters.slice(index + 1).join('');
    options.push({ rawName: `-${letter}`, row, value: behind || undefined, isInline: behind !== '' });
    if (behind !== '') break;
  }
  return options;
}

/** What an option says: a switch is on, all others have a value. */
function given({ rawName, value, isInline }: Option, row: OptionRow): string | true {
  if (row.value === undefined) {
    if (value !== undefined) throw new UsageError(`--${row.long} takes no value`, SEE_HELP);
    return true;
  }
  if (value === undefined) throw new UsageError(`--${row.long} needs a value`, SEE_HELP);
  // What begins with a dash was rather meant as an option; but for numbers, as in Docker's --pids-limit -1.
  if (!isInline && /^-[^\d]/.test(value))
    throw new UsageError(
      `${rawName} needs a value, and an option follows`,
      `to give a value that begins with a dash, join them: ${rawName}${rawName.startsWith('--') ? '=' : ''}-x`,
    );
  return value;
}

function unknownOption({ rawName }: Option, rows: readonly OptionRow[]): UsageError {
  const near = rawName.startsWith('--')
    ? nearest(
        rawName.slice(2),
        rows.map(({ long }) => long),
      )
    : undefined; // every letter is near every short word
  return new UsageError(`there is no option ${rawName}`, near ? `did you mean --${near}?` : SEE_HELP);
}
