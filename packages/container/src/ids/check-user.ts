import { type IdMaps, isMapped, type OwnIds } from '@coracle/namespaces';
import { OptionError } from '../options/option-error.ts';

const MORE =
  'more users need subordinate ids: a line for you in /etc/subuid and /etc/subgid (sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $USER) and newuidmap (sudo apt install uidmap)';

/**
 * Makes sure that a container has the user it is to run its program as; the kernel's own word for one that is in no map
 * would be EINVAL.
 * @throws {OptionError} naming the user and what would give the container more of them
 */
export function checkUser({ uid, gid }: OwnIds, idMaps: IdMaps): void {
  const [uids, gids] = [isMapped(idMaps.uids, { containerId: uid }), isMapped(idMaps.gids, { containerId: gid })];
  if (uids && gids) return;
  const { how } = idMaps;
  if (how === 'single')
    throw new OptionError('user', `the container has no user ${uid}:${gid}, only ${only(idMaps)}`, MORE);
  const missing = uids ? `group ${gid}` : `user ${uid}`;
  throw new OptionError(
    'user',
    `the container has no ${missing}: its ids are ${ranges(uids ? idMaps.gids : idMaps.uids)}`,
    how === 'helper' ? 'choose one of them, or have more ids in /etc/subuid and /etc/subgid' : 'choose one of them',
  );
}

function only({ uids, gids }: IdMaps): string {
  const [uid, gid] = [uids[0]?.containerId ?? 0, gids[0]?.containerId ?? 0];
  return uid === 0 && gid === 0 ? 'root (which is you, outside)' : `${uid}:${gid} (which is you)`;
}

/** Neighbours as one range: only the container's side of the map counts. */
function ranges(mappings: IdMaps['uids']): string {
  const joined: { first: number; last: number }[] = [];
  for (const { containerId, size } of mappings.toSorted((one, other) => one.containerId - other.containerId)) {
    const before = joined.at(-1);
    if (before && before.last + 1 === containerId) before.last += size;
    else joined.push({ first: containerId, last: containerId + size - 1 });
  }
  return joined.map(({ first, last }) => (first === last ? `${first}` : `${first} to ${last}`)).join(', ');
}
