import { Store, update } from '@coracle/container/detached';
import { onlyId, parseCommandLine } from '../command-line.ts';
import type { Settings } from '../global-options.ts';
import { log } from '../log.ts';
import { RESOURCE_OPTIONS, wantedResources, wantedShares } from '../resource-options.ts';

/** `coracle-oci update`: what is not mentioned stays as it is. */
export async function command(args: readonly string[], settings: Settings): Promise<number> {
  const { options, words } = parseCommandLine(args, RESOURCE_OPTIONS, { anywhere: true });
  const id = onlyId(words, 'update');
  const resources = wantedResources(options, ({ path, text }) => log(settings.log, 'warning', `${path} ${text}`));
  await update(new Store(settings.root), id, resources, wantedShares(options));
  return 0;
}
