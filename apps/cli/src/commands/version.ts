import { parseOptions } from '../arguments.ts';
import { COMMON_OPTIONS } from '../option-table.ts';
import { print } from '../output.ts';

/** Put in by the build, from package.json. */
declare const CORACLE_VERSION: string;

/** `coracle version`. */
export async function command(args: readonly string[]): Promise<number> {
  const options = parseOptions('version', args, COMMON_OPTIONS);
  if (options.has('help')) {
    await print(
      'coracle version [--json]\n\nPrints the version, and with --json that of Node too, or of Bun in the stand-alone build.\n',
    );
    return 0;
  }
  const version = CORACLE_VERSION;
  const bun = process.versions['bun']; // the stand-alone build
  const engine = bun === undefined ? { node: process.version } : { bun };
  await print(options.has('json') ? `${JSON.stringify({ version, ...engine })}\n` : `coracle ${version}\n`);
  return 0;
}
