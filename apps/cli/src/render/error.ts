/** What of an error is shown. */
interface Shown {
  message: string;
  code: string | undefined;
  hint: string | undefined;
}

/**
 * An error in one line and its hint in a second; with `debug` the stack and the causes too.
 * @returns lines without an end
 */
export function renderError(error: unknown, { debug, json }: { debug: boolean; json: boolean }): string {
  const shown = look(error);
  if (json) return JSON.stringify({ error: shown });
  const lines = [`coracle: ${inOneLine(shown.message)}`];
  if (shown.hint !== undefined) lines.push(`  hint: ${inOneLine(shown.hint)}`);
  if (debug && error instanceof Error) lines.push(...stackOf(error));
  return lines.join('\n');
}

/**
 * Names of files and users come from roots that may be hostile: what would end the line, move the cursor or turn the direction of the
 * text is spelled out.
 */
function inOneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, (character) =>
    character === '\n' ? '\\n' : `\\u{${character.charCodeAt(0).toString(16)}}`,
  );
}

function look(error: unknown): Shown {
  if (!(error instanceof Error)) return { message: String(error), code: undefined, hint: undefined };
  const text = (name: string): string | undefined => {
    const value: unknown = Reflect.get(error, name);
    return typeof value === 'string' ? value : undefined;
  };
  return { message: error.message, code: text('code'), hint: text('hint') };
}

function stackOf(error: Error): string[] {
  const own = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '));
  return error.cause instanceof Error ? [...own, `  cause: ${error.cause.message}`, ...stackOf(error.cause)] : own;
}

/** What a caught value says. */
export function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
}
