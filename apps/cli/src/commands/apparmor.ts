import { defaultApparmorProfile } from '@coracle/container/doctor';
import { parseOptions } from '../arguments.ts';
import { COMMON_OPTIONS } from '../option-table.ts';
import { print } from '../output.ts';

const HELP = `coracle apparmor

Prints the AppArmor profile coracle-default, which containers are under wherever it is loaded. To load it, now and at each boot:

  coracle apparmor | sudo tee /etc/apparmor.d/coracle-default | sudo apparmor_parser -r
`;

/** `coracle apparmor`: the profile, for apparmor_parser(8). */
export async function command(args: readonly string[]): Promise<number> {
  const options = parseOptions('apparmor', args, COMMON_OPTIONS);
  await print(options.has('help') ? HELP : defaultApparmorProfile());
  return 0;
}
