import { isErrno } from '@coracle/errors';
import type { Container } from './record.ts';
import { find } from './status.ts';
import type { Store } from './store.ts';

/**
 * All containers of a store that something is known of, in the order of their ids.
 * @param onDamaged is told of each whose record is damaged, which is left out; nobody if absent
 * @example
 * for (const { record, status } of list(new Store('/run/coracle-oci'))) console.log(record.id, status);
 */
export function list(store: Store, onDamaged?: (error: unknown) => void): Container[] {
  return store
    .ids()
    .sort()
    .flatMap((id) => findIfThere(store, id, onDamaged));
}

/** One that is only being made, or was deleted since its name was read, is passed over. */
function findIfThere(store: Store, id: string, onDamaged?: (error: unknown) => void): Container[] {
  try {
    return [find(store, id)];
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EAGAIN')) return [];
    if (!isErrno(error, 'EBADMSG')) throw error;
    onDamaged?.(error);
    return [];
  }
}
