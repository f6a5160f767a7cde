import type { OptionRow } from '../command-line.ts';
import { GLOBAL_OPTIONS } from '../global-options.ts';
import { print, table } from '../output.ts';

/**
 * `coracle-oci --help`.
 * @param rows the commands by name
 */
export async function help(rows: Readonly<Record<string, { help: string }>>): Promise<number> {
  const commands = Object.entries(rows).map(([name, { help }]) => ['  ', name, help]);
  await print(
    `coracle-oci [options] COMMAND [options] [ID] [ARG...]\n\nAn OCI runtime with the command line of runc.\n\n${table(commands)}\n${tableOf(GLOBAL_OPTIONS)}`,
  );
  return 0;
}

/** `coracle-oci COMMAND --help`. */
export async function helpOf({
  name,
  what,
  rows,
}: {
  name: string;
  what: string;
  rows: readonly OptionRow[];
}): Promise<number> {
  const options = rows.length === 0 ? '' : `\n${tableOf(rows)}`;
  await print(`coracle-oci ${name}${rows.length === 0 ? '' : ' [options]'} [ID] [ARG...]\n\n${what}\n${options}`);
  return 0;
}

function tableOf(rows: readonly OptionRow[]): string {
  return table(
    rows.map(({ long, short, value, help }) => [
      '  ',
      `${short === undefined ? '' : `-${short}, `}--${long}${value === undefined ? '' : ` ${value}`}`,
      help,
    ]),
  );
}
