import { parseOptions } from '../arguments.ts';
import { COMMON_OPTIONS } from '../option-table.ts';
import { print } from '../output.ts';

const HELP = `coracle: run programs in containers

  coracle run [options] COMMAND [ARG...]       run a program in a container of its own
  coracle explain run [options] COMMAND ...    show what run would do, step by step
  coracle inspect NAME|ID ...                  show what is known of running containers, and how they are isolated
  coracle doctor                               look at this machine: what works, what is missing, how to get it
  coracle apparmor                             print the AppArmor profile of containers, to be loaded
  coracle version                              print the version

  coracle COMMAND --help                       options of a command

The first thing to try: coracle run bash
`;

/** \`coracle help\`. */
export async function command(args: readonly string[]): Promise<number> {
  parseOptions('help', args, COMMON_OPTIONS);
  await print(HELP);
  return 0;
}
