import { isErrno, SystemError } from '@coracle/errors';
import { pidfdSendSignal, SIGKILL } from '@coracle/syscalls';
import { awaitEnd } from './await-end.ts';
import { endGroupOf } from './end-group-of.ts';
import type { Newborn } from './give-birth.ts';
import type { GivenNetDevices } from './give-net-devices.ts';
import type { ContainerRecord } from './record.ts';
import { removeDirectories, runPoststop } from './remove.ts';
import type { Held, Store } from './store.ts';

/** What there is when a creation fails. */
export interface Begun {
  store: Store;
  held: Held;
  record: ContainerRecord;
  newborn: Newborn | undefined;
  netDevices: GivenNetDevices | undefined;
}

/** Ends what was begun and forgets it. What cannot be undone is left for `delete --force`, and told with the first error. */
export async function undoCreation({ store, held, record, newborn, netDevices }: Begun, error: unknown): Promise<void> {
  const attempt = async (work: () => Promise<void> | void): Promise<void> => {
    try {
      await work();
    } catch (failure) {
      if (error instanceof SystemError) error.suppressed.push(failure);
    }
  };
  await attempt(() => netDevices?.giveBack());
  await attempt(async () => {
    if (newborn) await end(newborn);
    await endGroupOf(record);
    removeDirectories(record.directories ?? []);
    store.remove(held);
    if (newborn) await runPoststop(record);
  });
}

async function end(newborn: Newborn): Promise<void> {
  const { pidfd } = newborn;
  newborn.pidfd = -1;
  try {
    pidfdSendSignal(pidfd, SIGKILL);
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error;
  }
  await awaitEnd(pidfd);
}
