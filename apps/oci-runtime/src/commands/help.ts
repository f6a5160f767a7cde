import { COMMANDS } from '../commands.ts';
import { GLOBAL_OPTIONS } from '../global-options.ts';
import { print, table } from '../output.ts';

/** `coracle-oci --help`. */
export async function command(): Promise<number> {
  const commands = Object.entries(COMMANDS).map(([name, { help }]) => ['  ', name, help]);
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
