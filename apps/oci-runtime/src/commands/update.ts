import { fromOci, open } from '@coracle/cgroups';
import { find, Store } from '@coracle/container/detached';
import { SystemError } from '@coracle/errors';
import { onlyId, parseCommandLine } from '../command-line.ts';
import type { Settings } from '../global-options.ts';
import { RESOURCE_OPTIONS, wantedResources } from '../resource-options.ts';

/** `coracle-oci update`: what is not mentioned stays as it is. */
export async function command(args: readonly string[], settings: Settings): Promise<number> {
  const { options, words } = parseCommandLine(args, RESOURCE_OPTIONS);
  const store = new Store(settings.root);
  const id = onlyId(words, 'update');
  using _ = await store.hold(id);
  const { record, status } = find(store, id);
  if (status === 'stopped' || status === 'creating') throw notRunning(id);
  const { resources, devices } = fromOci(wantedResources(options));
  if (devices !== undefined) throw noDevices(id);
  open(record.cgroups).update(resources);
  return 0;
}

function notRunning(id: string): SystemError {
  return new SystemError({ code: 'ESRCH', syscall: 'update', path: id, text: 'container not running' });
}

function noDevices(id: string): SystemError {
  return new SystemError({
    code: 'EOPNOTSUPP',
    syscall: 'update',
    path: id,
    text: 'rules for devices of a living container cannot be changed',
    hint: 'leave devices out, or create the container anew',
  });
}
