/** A whole number in a JSON text that JSON.parse() reads as another one. */
export interface RoundedNumber {
  /** Where, as keys: `['linux', 'resources', 'memory', 'limit']`. */
  keys: (string | number)[];
  /** As it is written. */
  source: string;
}

/**
 * The whole numbers of a JSON text that JavaScript rounds: those above 2 ** 53 that are no multiple of a power of two that is large
 * enough.
 * @param text JSON: JSON.parse() has taken it
 */
export function roundedNumbers(text: string): RoundedNumber[] {
  if (!/\d{16}/.test(text)) return [];
  // By their place: of two members with one name the last counts.
  const found = new Map<string, RoundedNumber>();
  const keys: (string | number)[] = [];
  let lastString = '';
  for (const [token] of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*|[[\]{}:,]/g)) {
    if (token === '{') keys.push('');
    else if (token === '[') keys.push(0);
    else if (token === '}' || token === ']') keys.pop();
    else if (token === ':') keys[keys.length - 1] = JSON.parse(lastString);
    else if (token === ',') nextItem(keys);
    else if (token.startsWith('"')) lastString = token;
    else if (isRounded(token)) found.set(keys.join('\0'), { keys: [...keys], source: token });
    else if (found.size > 0) found.delete(keys.join('\0'));
  }
  return [...found.values()];
}

function nextItem(keys: (string | number)[]): void {
  const last = keys.at(-1);
  if (typeof last === 'number') keys[keys.length - 1] = last + 1;
}

/** Whether digits are a whole number that JavaScript reads as another one. */
export function isRounded(source: string): boolean {
  // Longer ones are beyond 64 bits and refused for that.
  return /^-?\d{16,25}$/.test(source) && BigInt(source) !== BigInt(Number(source));
}
