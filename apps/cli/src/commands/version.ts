import { parseOptions } from '../arguments.ts';
import { COMMON_OPTIONS } from '../option-table.ts';
import { print } from '../output.ts';

/** Put in by the build, from package.json. */
declare const CORACLE_VERSION: string;

/** `coracle version`. */
export async function command(args: readonly string[]): Promise<number> {
  const options = parseOptions('version', args, COMMON_OPTIONS);
  if (options.has('help')) {
    await print('coracle version [--json]\n\nPrints the version, and with --json that of Node too.\n');
    return 0;
  }
  const version = CORACLE_VERSION;
  await print(options.has('json') ? `${JSON.stringify({ version, node: process.version })}\n` : `coracle ${version}\n`);
  return 0;
}
