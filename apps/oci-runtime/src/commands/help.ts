import { GLOBAL_OPTIONS } from '../global-options.ts';
import { print, table } from '../output.ts';

/**
 * `coracle-oci --help`.
 * @param rows the commands by name
 */
export async function help(rows: Readonly<Record<string, { help: string }>>): Promise<number> {
  const commands = Object.entries(rows).map(([name, { help }]) => ['  ', name, help]);
  const options = GLOBAL_OPTIONS.map(({ long, value, help }) => [
    '  ',
    `--${long}${value === undefined ? '' : ` ${value}`}`,
    help,
  ]);
  await print(
    `coracle-oci [options] COMMAND [options] [ID] [ARG...]\n\nAn OCI runtime with the command line of runc.\n\n${table(commands)}\n${table(options)}`,
  );
  return 0;
}
