/** What would end the line, move the cursor or turn the direction of the text. */
const HARMFUL = /[\p{Cc}\p{Bidi_Control}]/gu;

/**
 * Text in one line that a terminal only shows. Names of files and users come from roots that may be hostile, those of options and
 * programs from whoever started a container.
 * @example
 * inOneLine('a\nb\u001b[2J'); // 'a\\nb\\u{1b}[2J'
 */
export function inOneLine(text: string): string {
  return text.replaceAll(HARMFUL, (character) =>
    character === '\n' ? '\\n' : `\\u{${character.charCodeAt(0).toString(16)}}`,
  );
}

/**
 * A value as JSON that a terminal only shows, and that is the same value to whoever reads it: JSON itself leaves U+007F to U+009F and
 * marks of direction as they are.
 * @param indent spaces a level; one line if absent
 */
export function jsonOf(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replaceAll(HARMFUL, (character) =>
    character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
