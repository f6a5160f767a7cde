import { OCI_VERSION } from '@coracle/oci-spec';
import { closeFd, onReady } from '@coracle/syscalls';
import { receiveDescriptor } from '../receive-descriptor.ts';
import { connectToAgent, sendToAgent } from '../seccomp-agent.ts';
import { type ContainerRecord, stateOf } from './record.ts';

/**
 * Connects to the program that answers the calls a container's filter asks about.
 * @returns what waits for the listener to come out of a connection to the container, and passes it on at once: the very call that
 *   starts the program may be one that is asked about
 * @throws SystemError naming the path, and why nobody can be reached there
 */
export function handOver(record: ContainerRecord): (connection: number) => Promise<void> {
  const profile = record.config.linux?.seccomp;
  const agent = connectToAgent(profile?.listenerPath ?? '');
  return async (connection) => {
    try {
      await readable(connection);
      const listener = receiveDescriptor(connection);
      // The start has failed before.
      if (listener === undefined) return;
      try {
        const { ociVersion: _, ...state } = stateOf({ record, status: 'running' }, OCI_VERSION);
        sendToAgent(agent, { listener, profile, state: { ...state, pid: record.process?.pid ?? 0 } });
      } finally {
        closeFd(listener);
      }
    } finally {
      closeFd(agent);
    }
  };
}

function readable(fd: number): Promise<void> {
  return new Promise((resolve) => {
    const stop = onReady(fd, 'readable', () => {
      stop();
      resolve();
    });
  });
}
