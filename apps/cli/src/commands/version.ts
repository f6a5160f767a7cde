import { readFileSync } from 'node:fs';

/** `coracle version`. */
export async function command(args: readonly string[]): Promise<number> {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  process.stdout.write(
    args.includes('--json') ? `${JSON.stringify({ version, node: process.version })}\n` : `coracle ${version}\n`,
  );
  return 0;
}
