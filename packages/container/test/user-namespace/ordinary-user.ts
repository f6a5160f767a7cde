import { spawnSync } from 'node:child_process';
import { bundledProgram } from '@coracle/test-support';
import type { RunOptions, UserIds } from '../../src/index.ts';
import type { Came, Scratch } from '../mounts/scene.ts';

const PROGRAM = await bundledProgram(new URL('../programs/run-options.ts', import.meta.url));

/** newuidmap(1) wants a name: this user has one everywhere. */
export const NOBODY = 65534;

/** What came of a container. */
export type CameAs = Came & { userIds: UserIds };

/**
 * Runs a script in a container of an ordinary user; in a mount namespace of the test's own, `/etc/subuid` and `/etc/subgid`
 * have this text. With `searchPath` that is the user's PATH.
 * @throws what the container failed with, as a plain object
 */
export function asNobody(
  script: string,
  { scratch, subids, searchPath, ...options }: RunOptions & { scratch: Scratch; subids: string; searchPath?: string },
): CameAs {
  const file = scratch.file('subids', subids);
  const shell = [
    'for file in /etc/subuid /etc/subgid; do mount --bind "$1" $file; done; shift',
    `exec setpriv --reuid ${NOBODY} --regid ${NOBODY} --clear-groups env PATH="$PATH_OF_USER" "$@"`,
  ].join('\n');
  const given = JSON.stringify({ script, stateRoot: `${scratch.path}/state`, ...options });
  const node = [...PROGRAM, given];
  const { stdout, stderr } = spawnSync('unshare', ['-m', 'sh', '-ec', shell, 'sh', file, ...node], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '', PATH_OF_USER: searchPath ?? process.env['PATH'] },
  });
  if (!stdout.startsWith('{')) throw new Error(`the program printed no result: ${stdout}${stderr}`);
  const came = JSON.parse(stdout);
  if ('message' in came) throw Object.assign(new Error(came.message), came);
  return came;
}
