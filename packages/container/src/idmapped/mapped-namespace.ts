import { openSync } from 'node:fs';
import { type IdMaps, namespaceFlags, writeIdMaps } from '@coracle/namespaces';
import { Agent, unshare } from '@coracle/syscalls';

/**
 * Makes a user namespace for its maps alone, as a mount with mappings of its own needs one. It lives as long as the descriptor.
 * @returns the descriptor, to be closed by the caller
 * @throws SystemError as {@link writeIdMaps}
 * @see mount_setattr(2) MOUNT_ATTR_IDMAP
 */
export async function openMappedNamespace(idMaps: IdMaps): Promise<number> {
  using agent = Agent.spawn({ title: 'coracle: maps of a mount' });
  const outcome = await agent.channel.run({
    steps: [unshare(namespaceFlags(['user']), 'make a user namespace for the ids of a mount')],
  });
  outcome?.throwIfFailed();
  await writeIdMaps(agent.pid, idMaps);
  return openSync(`/proc/${agent.pid}/ns/user`, 'r');
}
