import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SystemError } from '@coracle/errors';
import type { Status } from '@coracle/oci-spec';
import { isProcessAlive } from '../process-identity.ts';
import { DOOR, isDoorOpen } from './door.ts';
import { isFrozen } from './freezer.ts';
import type { Container, ContainerRecord } from './record.ts';
import type { Store } from './store.ts';

/**
 * A container, with what the kernel says of it at this moment: its process lives or not, listens for its start or no more, and
 * stands still or not.
 * @throws SystemError ENOENT when there is no such container; EAGAIN when nothing is known of it yet
 */
export function find(store: Store, id: string): Container {
  const record = store.read(id);
  if (!record) throw unfinished(id);
  return { record, status: statusOf(store, record) };
}

/** What of a container's life it is in. What was left by a `create` that was killed has stopped. */
export function statusOf(store: Store, record: ContainerRecord): Status {
  const { id, process, stage, cgroups } = record;
  if (stage === 'creating') return store.isHeld(id) ? 'creating' : 'stopped';
  if (!process || !isProcessAlive(process)) return 'stopped';
  if (existsSync(join(store.directory(id), DOOR)) && isDoorOpen(store.directory(id))) return 'created';
  return isFrozen(cgroups) ? 'paused' : 'running';
}

function unfinished(id: string): SystemError {
  return new SystemError({
    code: 'EAGAIN',
    syscall: 'state',
    path: id,
    text: 'the container is being made, or was left unfinished',
    hint: `if no create is at work, remove it: delete --force ${id}`,
  });
}
