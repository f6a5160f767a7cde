/**
 * Where an ordinary user's containers are kept, as far as his surroundings say.
 * @returns `undefined` for the library's default, which is always root's
 */
export function stateRootOf(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const runtime = env['XDG_RUNTIME_DIR'];
  return runtime && process.geteuid?.() !== 0 ? `${runtime}/coracle` : undefined;
}
