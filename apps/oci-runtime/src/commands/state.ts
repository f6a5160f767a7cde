import { find, Store } from '@coracle/container/detached';
import { onlyId, parseCommandLine } from '../command-line.ts';
import type { Settings } from '../global-options.ts';
import { print } from '../output.ts';
import { stateDocument } from '../state-document.ts';

/** `coracle-oci state`. */
export async function command(args: readonly string[], settings: Settings): Promise<number> {
  const { words } = parseCommandLine(args, []);
  const container = find(new Store(settings.root), onlyId(words, 'state'));
  await print(`${JSON.stringify(stateDocument(container), null, 2)}\n`);
  return 0;
}
