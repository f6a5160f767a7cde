import { open } from '@coracle/cgroups';
import { SystemError } from '@coracle/errors';
import { freeze } from './freezer.ts';
import { find } from './status.ts';
import type { Store } from './store.ts';

/**
 * Stops all processes of a container until {@link resume}.
 * @throws SystemError ENOENT when there is no such container, EINVAL when it does not run, EOPNOTSUPP without a group to freeze
 */
export async function pause(store: Store, id: string): Promise<void> {
  using _ = await store.hold(id);
  const { record, status } = find(store, id);
  if (status !== 'running' && status !== 'created') throw notIn(id, { verb: 'pause', status, wanted: 'running' });
  await freeze(record.cgroups);
}

/**
 * Lets the processes of a container that is paused go on.
 * @throws SystemError ENOENT when there is no such container, EINVAL when it is not paused
 */
export async function resume(store: Store, id: string): Promise<void> {
  using _ = await store.hold(id);
  const { record, status } = find(store, id);
  if (status !== 'paused') throw notIn(id, { verb: 'resume', status, wanted: 'paused' });
  await open(record.cgroups).thaw();
}

function notIn(id: string, { verb, status, wanted }: Record<'verb' | 'status' | 'wanted', string>): SystemError {
  return new SystemError({
    code: 'EINVAL',
    syscall: verb,
    path: id,
    text: status === 'stopped' ? 'container not running' : `container not ${wanted}: it is ${status}`,
    hint: `state ${id} tells what it is`,
  });
}
