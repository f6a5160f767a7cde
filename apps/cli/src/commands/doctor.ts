import { checkHost } from '@coracle/container/doctor';
import { parseOptions } from '../arguments.ts';
import { COMMON_OPTIONS } from '../option-table.ts';
import { print } from '../output.ts';
import { renderChecks } from '../render/doctor.ts';
import { jsonOf } from '../render/harmless.ts';

/** `coracle doctor`: exit code 0 when containers can be run here, 1 when something they need is missing. */
export async function command(args: readonly string[]): Promise<number> {
  const options = parseOptions('doctor', args, COMMON_OPTIONS);
  if (options.has('help')) {
    await print(
      'coracle doctor [--json]\n\nLooks at this machine: what works, what is missing, and the exact command that fixes it.\n',
    );
    return 0;
  }
  const checks = await checkHost();
  await print(options.has('json') ? `${jsonOf(checks, 2)}\n` : renderChecks(checks));
  return checks.some(({ status }) => status === 'missing') ? 1 : 0;
}
