import type { HookName } from '@coracle/oci-spec';

/** A hook of a container's configuration that failed. */
export class HookError extends Error {
  override readonly name = 'HookError';
  readonly code = 'ERR_CORACLE_HOOK';
  /** Which of the six kinds it is. */
  readonly hook: HookName;
  /** The program. */
  readonly path: string;
  readonly hint: string | undefined;

  /** @param failed `index` is its place among the hooks of its kind, `said` what it wrote on standard error */
  constructor({
    name,
    index,
    path,
    problem,
    said,
  }: { name: HookName; index: number; path: string; problem: string; said: string }) {
    // It begins with runc's words, which people look for.
    super(`error running ${name} hook #${index}: ${path} ${problem}${said.trim() === '' ? '' : `: ${said.trim()}`}`);
    this.hook = name;
    this.path = path;
    this.hint = `look at hooks.${name}[${index}] in config.json; a hook gets the state on its input and has to end with status 0`;
  }
}

/** What an error of starting a program says. */
export function errnoOf(error: unknown): string {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return `could not be started (${typeof code === 'string' ? code : String(error)})`;
}
