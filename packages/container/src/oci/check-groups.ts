import type { IdMaps } from '@coracle/namespaces';
import type { User } from '@coracle/oci-spec';
import { cannot } from './config-error.ts';

/**
 * Refuses groups beside a user's own where none can be had: an ordinary user may map himself alone only where nobody sets groups any more.
 * They are what opens files to a program, or closes them.
 * @throws {ConfigError} naming them
 * @see user_namespaces(7), "The /proc/pid/setgroups file"
 */
export function checkGroups({ gid, additionalGids = [] }: User, idMaps: IdMaps | undefined): void {
  if (idMaps?.how !== 'single') return;
  const beside = additionalGids.filter((group) => group !== gid);
  if (beside.length === 0) return;
  throw cannot(
    { path: '$.process.user.additionalGids', value: beside },
    'absent, as an ordinary user who maps no id but his own can set no groups',
    'map more with newuidmap and newgidmap: a line for the user in /etc/subuid and /etc/subgid, and more than one id in linux.gidMappings',
  );
}
