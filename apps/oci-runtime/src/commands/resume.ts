import { resume, Store } from '@coracle/container/detached';
import { onlyId, parseCommandLine } from '../command-line.ts';
import type { Settings } from '../global-options.ts';

/** `coracle-oci resume`. */
export async function command(args: readonly string[], settings: Settings): Promise<number> {
  await resume(new Store(settings.root), onlyId(parseCommandLine(args, []).words, 'resume'));
  return 0;
}
