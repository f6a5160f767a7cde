import { kill, Store } from '@coracle/container/detached';
import { onlyId, parseCommandLine, UsageError } from '../command-line.ts';
import type { Settings } from '../global-options.ts';
import { signalNumber } from '../signal-number.ts';

/** `coracle-oci kill`. */
export async function command(args: readonly string[], settings: Settings): Promise<number> {
  const { options, words } = parseCommandLine(
    args,
    [{ long: 'all', short: 'a', help: 'signal all processes of the container' }],
    { anywhere: true },
  );
  const [id, name = 'SIGTERM', ...surplus] = words;
  const container = onlyId([id ?? '', ...surplus], 'kill');
  const signal = signalNumber(name);
  if (signal === undefined)
    throw new UsageError(
      `unknown signal ${JSON.stringify(name)}`,
      'write a name such as TERM, or a number from 0 to 64',
    );
  await kill(new Store(settings.root), container, { signal, all: options.has('all') });
  return 0;
}
