import { print } from '../output.ts';

/** Put in by the build, from package.json. */
declare const CORACLE_VERSION: string;

/** `coracle version`. */
export async function command(args: readonly string[]): Promise<number> {
  const version = CORACLE_VERSION;
  await print(
    args.includes('--json') ? `${JSON.stringify({ version, node: process.version })}\n` : `coracle ${version}\n`,
  );
  return 0;
}
