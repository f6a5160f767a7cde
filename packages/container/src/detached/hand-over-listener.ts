import { OCI_VERSION } from '@coracle/oci-spec';
import { closeFd } from '@coracle/syscalls';
import { awaitDescriptor } from '../receive-descriptor.ts';
import { connectToAgent, sendToAgent } from '../seccomp/seccomp-agent.ts';
import { type ContainerRecord, stateOf } from './record.ts';

/**
 * Connects to the program that answers the calls a container's filter asks about.
 * @returns what waits for the listener to come out of a connection to the container, and passes it on at once: the very call that
 *   starts the program may be one that is asked about. `pid` is the process that has the filter, the container's first if absent
 * @throws SystemError naming the path, and why nobody can be reached there
 */
export function handOver(record: ContainerRecord): (connection: number, pid?: number) => Promise<void> {
  const profile = record.config.linux?.seccomp;
  const agent = connectToAgent(profile?.listenerPath ?? '');
  return async (connection, pid = record.process?.pid ?? 0) => {
    try {
      const listener = await awaitDescriptor(connection);
      // The start has failed before.
      if (listener === undefined) return;
      try {
        const { ociVersion: _, ...state } = stateOf({ record, status: 'running' }, OCI_VERSION);
        sendToAgent(agent, { listener, profile, pid, state });
      } finally {
        closeFd(listener);
      }
    } finally {
      closeFd(agent);
    }
  };
}
