import { Store, start } from '@coracle/container/detached';
import { onlyId, parseCommandLine } from '../command-line.ts';
import type { Settings } from '../global-options.ts';
import { describeError, log } from '../log.ts';

/** `coracle-oci start`. */
export async function command(args: readonly string[], settings: Settings): Promise<number> {
  const { words } = parseCommandLine(args, []);
  const onHookFailure = (error: Error): void => log(settings.log, 'warning', describeError(error));
  await start(new Store(settings.root), onlyId(words, 'start'), { onHookFailure });
  return 0;
}
