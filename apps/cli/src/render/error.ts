import { inOneLine, jsonOf } from './harmless.ts';

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
  if (json) return jsonOf({ error: shown });
  const lines = [`coracle: ${inOneLine(shortened(shown.message))}`];
  if (shown.hint !== undefined) lines.push(`  hint: ${inOneLine(shortened(shown.hint))}`);
  if (debug && error instanceof Error) lines.push(...stackOf(error));
  return lines.join('\n');
}

/** More than a path has; what is longer would only push the rest of the error off the screen. */
const MOST = 8192;
const KEPT = { start: 1024, end: 256 } as const;

function shortened(text: string): string {
  const left = text.length - KEPT.start - KEPT.end;
  return text.length <= MOST
    ? text
    : `${text.slice(0, KEPT.start)}... (${left} characters) ...${text.slice(-KEPT.end)}`;
}

function look(error: unknown): Shown {
  if (!(error instanceof Error)) return { message: String(error), code: undefined, hint: undefined };
  const text = (name: string): string | undefined => {
    const value: unknown = Reflect.get(error, name);
    return typeof value === 'string' ? value : undefined;
  };
  // Node's own, of a path that is not written from the root; it names a function of libuv's and no path.
  if (text('syscall') === 'uv_cwd')
    return {
      message: `${text('code')}: the directory that coracle was started in cannot be found any more, getcwd`,
      code: text('code'),
      hint: 'paths of options lead from there: cd to a directory that is there, or write them from /',
    };
  return { message: error.message, code: text('code'), hint: text('hint') };
}

function stackOf(error: Error): string[] {
  // Its first part is the message, of which a line may look like a place.
  const { message, stack = '', cause } = error;
  const places = stack.includes(message) ? stack.slice(stack.indexOf(message) + message.length) : stack;
  const own = places
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .map(inOneLine);
  return cause instanceof Error ? [...own, `  cause: ${inOneLine(cause.message)}`, ...stackOf(cause)] : own;
}

/** What a caught value says. */
export function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
}
