import { remove, Store } from '@coracle/container/detached';
import { onlyId, parseCommandLine } from '../command-line.ts';
import type { Settings } from '../global-options.ts';
import { describeError, log } from '../log.ts';

/** `coracle-oci delete`. */
export async function command(args: readonly string[], settings: Settings): Promise<number> {
  const { options, words } = parseCommandLine(
    args,
    [{ long: 'force', short: 'f', help: 'end it first if it runs; no failure if it is not there' }],
    { anywhere: true },
  );
  await remove(new Store(settings.root), onlyId(words, 'delete'), {
    force: options.has('force'),
    onHookFailure: (error) => log(settings.log, 'warning', describeError(error)),
    onDamaged: (error) => log(settings.log, 'warning', describeError(error)),
  });
  return 0;
}
