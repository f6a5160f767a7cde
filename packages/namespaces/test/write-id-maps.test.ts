import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isErrno } from '@coracle/errors';
import { type IdMaps, writeIdMaps } from '@coracle/namespaces';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

const LINES = [
  { containerId: 0, hostId: 1000, size: 1 },
  { containerId: 1, hostId: 100000, size: 65536 },
];
const maps = (how: IdMaps['how']): IdMaps => ({ uids: LINES, gids: LINES.slice(0, 1), how });
const PID = 4711;

let proc: string;
beforeEach(() => {
  proc = mkdtempSync(join(tmpdir(), 'coracle-id-maps-'));
  mkdirSync(join(proc, String(PID)));
  for (const file of ['uid_map', 'gid_map', 'setgroups']) writeFileSync(path(file), '');
});
afterEach(() => rmSync(proc, { recursive: true }));

const path = (file: string): string => join(proc, String(PID), file);
const written = (): string[] => ['setgroups', 'uid_map', 'gid_map'].map((file) => readFileSync(path(file), 'utf8'));

/** A stand-in for newuidmap(1) that records its arguments or fails. */
function helper(name: string, script: string): string {
  const file = join(proc, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

async function failure(promise: Promise<void>): Promise<Error & { hint?: string; path?: string }> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('nothing was thrown');
}

describe('maps written directly', () => {
  test('by root leave setgroups alone', async () => {
    await writeIdMaps(PID, maps('direct'), { proc });
    expect(written()).toEqual(['', '0 1000 1\n1 100000 65536\n', '0 1000 1\n']);
  });

  test('of a single id turn setgroups off', async () => {
    await writeIdMaps(PID, { uids: LINES.slice(0, 1), gids: LINES.slice(0, 1), how: 'single' }, { proc });
    expect(written()).toEqual(['deny', '0 1000 1\n', '0 1000 1\n']);
  });

  test('that cannot be leave everything as it is', async () => {
    const error = await failure(writeIdMaps(PID, { ...maps('single'), gids: [] }, { proc }));
    expect(isErrno(error, 'EINVAL')).toBe(true);
    expect(written()).toEqual(['', '', '']);
  });

  test.each(['single', 'direct'] as const)('for a process that is gone say so (%s)', async (how) => {
    const error = await failure(writeIdMaps(99, maps(how), { proc }));
    expect(isErrno(error, 'ESRCH')).toBe(true);
    expect(error.path).toBe(`${proc}/99/${how === 'single' ? 'setgroups' : 'uid_map'}`);
    expect(error.hint).toContain('the process has ended');
  });
});

test('the error for a long map shows its first lines only', async () => {
  const uids = Array.from({ length: 100 }, (_, id) => ({ containerId: id, hostId: id, size: 1 }));
  const error = await failure(writeIdMaps(99, { uids, gids: uids, how: 'direct' }, { proc }));
  expect(error.message).toContain('(0 0 1, 1 1 1, 2 2 1 and 97 more)');
});

describe('maps written by the helpers', () => {
  const record = 'echo "$@" > "$0.args"';

  test('are handed to the helpers that were found when they were planned, wherever PATH leads now', async () => {
    const helpers = { newuidmap: helper('newuidmap', record), newgidmap: helper('newgidmap', record) };
    await writeIdMaps(PID, { ...maps('helper'), helpers }, { proc });
    expect(readFileSync(`${helpers.newuidmap}.args`, 'utf8')).toBe(`${PID} 0 1000 1 1 100000 65536\n`);
    expect(readFileSync(`${helpers.newgidmap}.args`, 'utf8')).toBe(`${PID} 0 1000 1\n`);
  });

  test('are passed as arguments behind the pid', async () => {
    const [newuidmap, newgidmap] = [helper('newuidmap', record), helper('newgidmap', record)];
    await writeIdMaps(PID, maps('helper'), { proc, newuidmap, newgidmap });
    expect(readFileSync(`${newuidmap}.args`, 'utf8')).toBe(`${PID} 0 1000 1 1 100000 65536\n`);
    expect(readFileSync(`${newgidmap}.args`, 'utf8')).toBe(`${PID} 0 1000 1\n`);
    expect(written()).toEqual(['', '', '']);
  });

  test('that are not installed name the packages to install', async () => {
    const newuidmap = join(proc, 'absent');
    const error = await failure(
      writeIdMaps(PID, maps('helper'), { proc, newuidmap, newgidmap: helper('ok', 'exit 0') }),
    );
    expect(isErrno(error, 'ENOENT')).toBe(true);
    expect(error.message).toContain('newuidmap is not installed');
    expect(error.hint).toContain('sudo apt install uidmap');
    expect(error.hint).toContain('sudo dnf install shadow-utils');
  });

  test('for a range nobody granted name the file and the line to add', async () => {
    const refusal = 'echo "newuidmap: uid range [1-65537) -> [100000-165536) not allowed" >&2; exit 1';
    const [newuidmap, newgidmap] = [helper('newuidmap', refusal), helper('newgidmap', 'exit 0')];
    const error = await failure(writeIdMaps(PID, maps('helper'), { proc, newuidmap, newgidmap }));
    expect(isErrno(error, 'EPERM')).toBe(true);
    expect(error.message).toContain('EPERM: uid range [1-65537) -> [100000-165536) not allowed, newuidmap');
    expect(error.hint).toBe(
      `/etc/subuid does not give this user the range: add the line ${process.getuid?.()}:100000:65536`,
    );
  });

  test('for a user without a name say what the helpers want', async () => {
    const refusal = 'echo "newuidmap: Cannot determine your user name." >&2; exit 1';
    const [newuidmap, newgidmap] = [helper('newuidmap', refusal), helper('newgidmap', 'exit 0')];
    const error = await failure(writeIdMaps(PID, maps('helper'), { proc, newuidmap, newgidmap }));
    expect(isErrno(error, 'EPERM')).toBe(true);
    expect(error.message).toContain('newuidmap maps ids for users with a name only');
    expect(error.hint).toContain(`user ${process.getuid?.()} has no line in /etc/passwd`);
  });

  test('without the right to write hint at the set-user-id bit', async () => {
    const refusal = 'echo "newgidmap: write to gid_map failed: Operation not permitted" >&2; exit 1';
    const [newuidmap, newgidmap] = [helper('newuidmap', 'exit 0'), helper('newgidmap', refusal)];
    const error = await failure(writeIdMaps(PID, maps('helper'), { proc, newuidmap, newgidmap }));
    expect(error.message).toContain('write to gid_map failed: Operation not permitted, newgidmap');
    expect(error.hint).toContain('newgidmap must be set-user-id root');
    expect(error.hint).toContain('sudo chmod u+s "$(command -v newgidmap)"');
  });

  test('that do not end are not waited for', async () => {
    const [newuidmap, newgidmap] = [helper('newuidmap', 'trap "" TERM; exec sleep 60'), helper('newgidmap', 'exit 0')];
    const started = Date.now();
    const error = await failure(writeIdMaps(PID, maps('helper'), { proc, newuidmap, newgidmap, helperTimeoutMs: 200 }));
    expect(Date.now() - started).toBeLessThan(30_000);
    expect(isErrno(error, 'ETIMEDOUT')).toBe(true);
    expect(error.message).toContain('newuidmap did not end in 0.2 seconds');
    expect(error.hint).toContain(`getent passwd ${process.getuid?.()}`);
  });

  test('that fail without a word are named at least', async () => {
    const silent = helper('newuidmap', 'exit 3');
    const error = await failure(writeIdMaps(PID, maps('helper'), { proc, newuidmap: silent, newgidmap: silent }));
    expect(error.message).toContain('newuidmap failed');
  });
});
