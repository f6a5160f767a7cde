import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundledProgram, needs } from '@coracle/test-support';
import { expect, test } from '@jest/globals';

const PROGRAM = await bundledProgram(new URL('programs/as-ordinary-user.ts', import.meta.url));
const NOBODY = '65534';
const MINUTE = 60_000;

/** Runs the program as an ordinary user; in a mount namespace of its own, `/etc/subuid` and `/etc/subgid` have this text. */
function asNobody(subids: string, ...args: string[]): Record<string, unknown> {
  const directory = mkdtempSync(join(tmpdir(), 'coracle-subids-'));
  const file = join(directory, 'subids');
  writeFileSync(file, subids);
  const script = [
    'for file in /etc/subuid /etc/subgid; do mount --bind "$1" $file; done; shift',
    `exec setpriv --reuid ${NOBODY} --regid ${NOBODY} --clear-groups "$@"`,
  ].join('\n');
  const node = [...PROGRAM, ...args];
  try {
    const { stdout, stderr } = spawnSync('unshare', ['-m', 'sh', '-ec', script, 'sh', file, ...node], {
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    if (!stdout.startsWith('{')) throw new Error(`the program printed no result: ${stdout}${stderr}`);
    return JSON.parse(stdout);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const own = { containerId: 0, hostId: 65534, size: 1 };

needs.describe(needs.root, needs.program('setpriv'))('a user namespace of an ordinary user', () => {
  test(
    'without ranges maps his own ids and turns setgroups off',
    () => {
      expect(asNobody('', 'single')).toEqual({ how: 'single', uids: [own], gids: [own], setgroups: 'deny' });
    },
    MINUTE,
  );
});

needs.describe(
  needs.root,
  needs.program('setpriv'),
  needs.program('newuidmap'),
)('newuidmap and newgidmap', () => {
  test(
    'map the ranges granted by number',
    () => {
      const range = { containerId: 1, hostId: 200000, size: 1000 };
      expect(asNobody(`${NOBODY}:200000:1000\n`, 'helper')).toEqual({
        how: 'helper',
        uids: [own, range],
        gids: [own, range],
        setgroups: 'allow',
      });
    },
    MINUTE,
  );

  test(
    'refuse a range that is not granted, and the error names the line to add',
    () => {
      expect(asNobody(`${NOBODY}:200000:1000\n`, 'helper', '300000:10')).toMatchObject({
        code: 'EPERM',
        syscall: 'newuidmap',
        message: expect.stringContaining('uid range [1-11) -> [300000-300010) not allowed'),
        hint: '/etc/subuid does not give this user the range: add the line 65534:300000:10',
      });
    },
    MINUTE,
  );
});
