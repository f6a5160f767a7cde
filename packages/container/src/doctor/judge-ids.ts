import { parseSubids } from '@coracle/namespaces';
import { idNotOwned } from '../ids/own-user-namespace.ts';
import { idsOfRoot } from '../ids/root-ids.ts';
import { type Check, check, type Finding } from './check.ts';
import { install } from './fix.ts';
import type { HelperFacts, HostFacts } from './host-facts.ts';

/** How many ids a user needs for images that count on all 16-bit ids. */
const ENOUGH = 65536;
/** Where useradd(8) begins to hand out ranges. */
const FIRST = 100000;

/** Whether containers of this user can have more than one user. */
export function judgeIds(facts: HostFacts): Check {
  const needed = `newuidmap and newgidmap, and ${ENOUGH} ids of one's own, for containers with more than one user`;
  return check('user id ranges', needed, find(facts));
}

function find(facts: HostFacts): Finding {
  const { uid, name } = facts.user;
  if (uid === 0) {
    const maps = idsOfRoot(facts);
    const missing = idNotOwned(maps, facts);
    if (missing !== undefined)
      return {
        status: 'warning',
        found: `root of a user namespace, which has no ids to spare for --userns auto, such as ${missing}`,
        fix: 'run with --userns keep-id',
      };
    const first = maps.uids[0]?.hostId;
    return { status: 'ok', found: `root maps any ids itself; with --userns auto those from ${first} on` };
  }
  const files = [
    { path: '/etc/subuid', text: facts.subuid },
    { path: '/etc/subgid', text: facts.subgid },
  ];
  const counts = files.map(({ text }) => total(text, { name, id: uid }));
  const lacking = files.filter((_, index) => (counts[index] ?? 0) === 0);
  if (lacking.length > 0)
    return {
      status: 'warning',
      found: `user ${name} has no ids in ${lacking.map((file) => withoutEffect(file, { name, id: uid })).join(' and ')}: containers have one user only`,
      fix: grant(facts),
    };
  const helper = judgeHelpers(facts);
  if (helper) return helper;
  const [uids = 0, gids = 0] = counts;
  if (Math.min(uids, gids) < ENOUGH)
    return {
      status: 'warning',
      found: `user ${name} has ${uids} user ids and ${gids} group ids: some images need more`,
      fix: grant(facts),
    };
  return { status: 'ok', found: `user ${name} has ${uids} user ids and ${gids} group ids` };
}

function judgeHelpers({ newuidmap, newgidmap, distribution, noNewPrivileges }: HostFacts): Finding | undefined {
  const status = 'warning';
  if (!newuidmap || !newgidmap)
    return {
      status,
      found: `${newuidmap ? 'newgidmap' : 'newuidmap'} is not installed`,
      fix: install(distribution, { debian: 'uidmap', fedora: 'shadow-utils' }),
    };
  const powerless = [newuidmap, newgidmap].filter((helper: HelperFacts) => !helper.privileged).map(({ path }) => path);
  if (powerless.length > 0)
    return {
      status,
      found: `${powerless.join(' and ')} may not map ids`,
      fix: `sudo chmod u+s ${powerless.join(' ')}`,
    };
  if (noNewPrivileges)
    return {
      status,
      found: 'newuidmap has no effect here: no_new_privs is set, as inside a container or a sandboxed service',
    };
  return undefined;
}

/** The file, and what is wrong with a line of this user's in it: it is passed over without a word, by newuidmap(1) as well. */
function withoutEffect(
  { path, text }: { path: string; text: string },
  { name, id }: { name: string; id: number },
): string {
  const lines = text.split('\n');
  const at = lines.findIndex((line) => [name, String(id)].includes(line.split(':')[0]?.trim() ?? ''));
  if (at < 0) return path;
  return `${path} (line ${at + 1}, ${JSON.stringify(lines[at])}, gives none: it is to be NAME:FIRST:COUNT)`;
}

function total(text: string, owner: { name: string; id: number }): number {
  return parseSubids(text, owner).reduce((sum, { count }) => sum + count, 0);
}

/** The command that gives the user the next ids that nobody has. */
function grant({ user, subuid, subgid }: HostFacts): string {
  const start = Math.max(FIRST, endOf(subuid), endOf(subgid));
  const range = `${start}-${start + ENOUGH - 1}`;
  return `sudo usermod --add-subuids ${range} --add-subgids ${range} ${user.name}`;
}

function endOf(text: string): number {
  const ends = text.split('\n').map((line) => {
    const [, start, count] = line.split(':').map(Number);
    return (start ?? 0) + (count ?? 0);
  });
  return Math.max(0, ...ends.filter(Number.isSafeInteger));
}
