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

/** A command is asked what its options are. */
export class HelpRequest extends Error {
  override readonly name = 'HelpRequest';
  readonly rows: readonly OptionRow[];

  constructor(rows: readonly OptionRow[]) {
    super('help is asked for');
    this.rows = rows;
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

/** An option as it was written. */
interface Written {
  /** With its dashes. */
  rawName: string;
  /** Its row; `undefined` for one that there is not. */
  row: OptionRow | undefined;
  value: string | undefined;
}

/**
 * Splits a command line into the options in front and the words from the first one on that is none: they may be those of a program
 * in the container, whatever they look like. Where there can be no such program, options may stand anywhere before `--`.
 * @param where `anywhere`: options stand behind words too
 * @throws {UsageError} for an option that is not among `rows`, and for a missing value; {@link HelpRequest} for `--help` and `-h`
 * @example
 * parseCommandLine(['--force', 'web'], [{ long: 'force', short: 'f', help: '' }]).words; // ['web']
 */
export function parseCommandLine(
  args: readonly string[],
  rows: readonly OptionRow[],
  { anywhere = false }: { anywhere?: boolean } = {},
): { options: Options; words: string[] } {
  const { written, words } = split(args, { rows, anywhere });
  const values = new Map<string, string[]>();
  for (const { rawName, row, value } of written) {
    if (!row && /^(--help|-h)$/.test(rawName)) throw new HelpRequest(rows);
    if (!row) throw unknownOption(rawName, rows);
    if (row.value !== undefined && value === undefined)
      throw new UsageError(`${rawName} needs a value`, `write ${rawName} ${row.value}`);
    values.set(row.long, [...(values.get(row.long) ?? []), value ?? 'true']);
  }
  return { options: new Options(values), words };
}

/** What `util.parseArgs` makes of them, which takes longer to be loaded than all of this. */
function split(
  args: readonly string[],
  { rows, anywhere }: { rows: readonly OptionRow[]; anywhere: boolean },
): { written: Written[]; words: string[] } {
  const written: Written[] = [];
  const words: string[] = [];
  const rest = [...args];
  for (let word = rest[0]; word !== undefined && (anywhere || isOption(word)); word = rest[0]) {
    rest.shift();
    if (word === '--') break;
    if (!isOption(word)) {
      words.push(word);
      continue;
    }
    const options = word.startsWith('--') ? [longOption(word, rows)] : shortOptions(word.slice(1), rows);
    const last = options.at(-1);
    if (last?.row?.value !== undefined) last.value ??= rest.shift();
    written.push(...options);
  }
  return { written, words: [...words, ...rest] };
}

/** A dash alone is a word: it stands for standard input. */
function isOption(word: string): boolean {
  return /^-./s.test(word);
}

function longOption(word: string, rows: readonly OptionRow[]): Written {
  const [, rawName = '', value] = /^(--[^=]*)(?:=(.*))?$/s.exec(word) ?? [];
  return { rawName, row: rows.find(({ long }) => long === rawName.slice(2)), value };
}

/** Letters may be written together; what stands behind one that takes a value is its value. */
function shortOptions(letters: string, rows: readonly OptionRow[]): Written[] {
  const [letter = '', ...more] = letters;
  const behind = more.join('');
  const row = rows.find(({ short }) => short === letter);
  const option = { rawName: `-${letter}`, row, value: undefined };
  if (row?.value !== undefined) return [{ ...option, value: behind || undefined }];
  return behind === '' ? [option] : [option, ...shortOptions(behind, rows)];
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
