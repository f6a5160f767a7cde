/** A value with its D-Bus signature. */
export type Typed = readonly [signature: string, value: unknown];

/** Words in front of a value that say its type. */
const TYPES: Readonly<Record<string, string>> = {
  boolean: 'b',
  byte: 'y',
  int16: 'n',
  uint16: 'q',
  int32: 'i',
  uint32: 'u',
  int64: 'x',
  uint64: 't',
  double: 'd',
  string: 's',
  objectpath: 'o',
  signature: 'g',
};

const TOKEN =
  /\s*(?:(?<mark>[[\](),])|(?<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?<word>@[a-z()]+|[^\s[\](),'"]+))/y;

/**
 * Reads a value in the text format of GVariant: numbers, texts, true and false, lists and tuples, with or without its type in front. What no property of
 * systemd's has, dictionaries, variants and maybes, is not known.
 * @returns `undefined` for what is no such value
 * @see https://docs.gtk.org/glib/gvariant-text-format.html
 * @example
 * parseVariant("['a', 'b']"); // ['as', ['a', 'b']]
 */
export function parseVariant(text: string): Typed | undefined {
  const tokens = tokensOf(text);
  if (!tokens) return undefined;
  const parser = new Parser(tokens);
  const value = parser.value();
  return parser.isAtEnd ? value : undefined;
}

interface Token {
  mark?: string;
  text?: string;
  word?: string;
}

function tokensOf(text: string): Token[] | undefined {
  const tokens: Token[] = [];
  const pattern = new RegExp(TOKEN);
  const length = text.trimEnd().length;
  for (let at = 0; at < length; at = pattern.lastIndex) {
    const found = pattern.exec(text);
    if (!found) return undefined;
    tokens.push({ ...found.groups });
  }
  return tokens;
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#tokens.length;
  }

  /** @param wanted its signature, where that is known */
  value(wanted?: string): Typed | undefined {
    const { mark, text, word = '' } = this.#tokens[this.#at++] ?? {};
    if (mark === '[') return this.#list(wanted);
    if (mark === '(') return this.#tuple(wanted);
    if (mark !== undefined) return undefined;
    if (text !== undefined) return ofText(withoutEscapes(text.slice(1, -1)), wanted ?? 's');
    const named = word.startsWith('@') ? word.slice(1) : TYPES[word];
    if (named !== undefined) return this.value(named);
    if (word === 'true' || word === 'false')
      return wanted === undefined || wanted === 'b' ? ['b', word === 'true'] : undefined;
    return ofNumber(word, wanted);
  }

  /** All of one type, that of the first if none is known. */
  #list(wanted: string | undefined): Typed | undefined {
    if (wanted !== undefined && !wanted.startsWith('a')) return undefined;
    let type = wanted?.slice(1);
    const values = this.#until(']', () => {
      const one = this.value(type);
      type ??= one?.[0];
      return one;
    });
    return values && type !== undefined ? [`a${type}`, values.map(([, value]) => value)] : undefined;
  }

  #tuple(wanted: string | undefined): Typed | undefined {
    // Of a struct of simple types, which is all that properties have, each letter is one.
    const types = wanted === undefined ? undefined : [...wanted.slice(1, -1)];
    let index = 0;
    const values = this.#until(')', () => this.value(types?.[index++]));
    if (!values) return undefined;
    const signature = `(${values.map(([type]) => type).join('')})`;
    return wanted === undefined || wanted === signature ? [signature, values.map(([, value]) => value)] : undefined;
  }

  #until(end: string, next: () => Typed | undefined): Typed[] | undefined {
    const values: Typed[] = [];
    while (this.#tokens[this.#at]?.mark !== end) {
      if (values.length > 0 && this.#tokens[this.#at++]?.mark !== ',') return undefined;
      if (this.#tokens[this.#at]?.mark === end) break; // a tuple of one has a comma behind it
      const one = next();
      if (!one) return undefined;
      values.push(one);
    }
    this.#at++;
    return values;
  }
}

function ofText(value: string, wanted: string): Typed | undefined {
  return 'sog'.includes(wanted) ? [wanted, value] : undefined;
}

function withoutEscapes(text: string): string {
  const letters: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' };
  return text.replace(/\\(.)/g, (_, letter: string) => letters[letter] ?? letter);
}

/** Whole numbers have 32 bits, others are doubles, unless a type says otherwise; those of 64 bits go as text, as a number has not as many. */
function ofNumber(word: string, wanted: string | undefined): Typed | undefined {
  const isWhole = /^[+-]?(?:\d+|0x[\da-f]+)$/i.test(word);
  if (!isWhole && !/^[+-]?\d*\.?\d+(?:e[+-]?\d+)?$/i.test(word)) return undefined;
  const type = wanted ?? (isWhole ? 'i' : 'd');
  if (type === 'd') return [type, Number(word)];
  const range = RANGES[type];
  if (!isWhole || !range) return undefined;
  const value = word.startsWith('-') ? -BigInt(word.slice(1)) : BigInt(word.replace(/^\+/, ''));
  if (value < range[0] || value > range[1]) return undefined;
  return [type, type === 'x' || type === 't' ? String(value) : Number(value)];
}

const RANGES: Readonly<Record<string, readonly [bigint, bigint]>> = {
  y: [0n, 0xffn],
  n: [-0x8000n, 0x7fffn],
  q: [0n, 0xffffn],
  i: [-0x80000000n, 0x7fffffffn],
  u: [0n, 0xffffffffn],
  x: [-0x8000000000000000n, 0x7fffffffffffffffn],
  t: [0n, 0xffffffffffffffffn],
};
