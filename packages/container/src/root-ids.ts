import { type IdMaps, parseSubids, rootIdMaps, type SubidRange } from '@coracle/namespaces';

/**
 * The ids of containers that root starts with ids of their own, by the texts of /etc/subuid and /etc/subgid.
 * @throws SystemError EINVAL where every id is granted to somebody
 */
export function idsOfRoot({ subuid, subgid }: { subuid: string; subgid: string }): IdMaps {
  return rootIdMaps({
    subuids: reserved(subuid),
    subgids: reserved(subgid),
    granted: [...parseSubids(subuid), ...parseSubids(subgid)],
  });
}

/** The ranges for root's containers: those of the name made for it, else root's own. */
function reserved(text: string): SubidRange[] {
  const ours = parseSubids(text, { name: 'coracle' });
  return ours.length > 0 ? ours : parseSubids(text, { name: 'root', id: 0 });
}
