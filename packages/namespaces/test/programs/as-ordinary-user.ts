/**
 * Makes a user namespace without any privilege and prints what came of it as JSON. Run by unprivileged.root.test.ts.
 * Arguments: 'single' or 'helper', and optionally a range START:COUNT to ask for in place of those of /etc/subuid.
 */
import { readFileSync } from 'node:fs';
import { parseIdMap, parseSubids, planIdMaps, setHostname, writeIdMaps } from '@coracle/namespaces';
import { giveBirth } from '../birth.ts';

const [how, range] = process.argv.slice(2);
const id = process.getuid?.() ?? 0;
const ranges = (file: string) => parseSubids(range ? `${id}:${range}` : readFileSync(file, 'utf8'), { id });
const maps = planIdMaps({
  uid: id,
  gid: process.getgid?.() ?? 0,
  subuids: ranges('/etc/subuid'),
  subgids: ranges('/etc/subgid'),
  hasNewidmap: how === 'helper',
});

using birth = await giveBirth({ namespaces: ['user', 'pid', 'mount', 'uts'] });
try {
  await writeIdMaps(birth.pid, maps);
  (await birth.init.run({ steps: setHostname('unprivileged') })).throwIfFailed();
  const read = (file: string): string => readFileSync(`/proc/${birth.pid}/${file}`, 'utf8');
  const result = {
    how: maps.how,
    uids: parseIdMap(read('uid_map')),
    gids: parseIdMap(read('gid_map')),
    setgroups: read('setgroups').trim(),
  };
  console.log(JSON.stringify(result));
} catch (error) {
  console.log(JSON.stringify({ ...(error as object), message: String(error) }));
}
