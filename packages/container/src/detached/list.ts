import { isErrno } from '@coracle/errors';
import type { Container } from './record.ts';
import { find } from './status.ts';
import type { Store } from './store.ts';

/**
 * All containers of a store that something is known of, in the order of their ids.
 * @example
 * for (const { record, status } of list(new Store('/run/coracle-oci'))) console.log(record.id, status);
 */
export function list(store: Store): Container[] {
  return store
    .ids()
    .sort()
    .flatMap((id) => findIfThere(store, id));
}

/** One that is only being made, or was deleted since its name was read, is passed over. */
function findIfThere(store: Store, id: string): Container[] {
  try {
    return [find(store, id)];
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EAGAIN')) return [];
    throw error;
  }
}
