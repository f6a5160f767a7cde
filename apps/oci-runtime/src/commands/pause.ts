import { pause, Store } from '@coracle/container/detached';
import { onlyId, parseCommandLine } from '../command-line.ts';
import type { Settings } from '../global-options.ts';

/** `coracle-oci pause`. */
export async function command(args: readonly string[], settings: Settings): Promise<number> {
  await pause(new Store(settings.root), onlyId(parseCommandLine(args, []).words, 'pause'));
  return 0;
}
