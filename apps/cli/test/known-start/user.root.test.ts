import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type CommandCopy, copyCommand, findLeftovers, needs } from '@coracle/test-support';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { placeOf } from '../../src/known-start/known-start.ts';
import { NOT_KNOWN, withoutPlanning } from './without-planning.ts';

/** newuidmap(1) wants a user with a name. */
const NOBODY = 65534;

const WORDS = ['run', '--quiet', 'sh', '-c', 'id; cat /proc/self/uid_map /proc/self/setgroups; echo err >&2; exit 7'];

needs.describe(
  needs.root,
  needs.program('setpriv'),
  needs.program('newuidmap'),
)('a start that is known to an ordinary user', () => {
  let command: CommandCopy;
  let onlyKnown: ReturnType<typeof withoutPlanning>;
  let before: ReturnType<typeof findLeftovers>;
  /** His, with his runtime directory in it, and helpers of his own before those of the system. */
  let directory: string;

  beforeAll(() => {
    before = findLeftovers();
    command = copyCommand();
    onlyKnown = withoutPlanning(command);
  });
  afterAll(() => {
    command[Symbol.dispose]();
    expect(findLeftovers()).toEqual(before);
  });
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'coracle-known-user-'));
    for (const name of ['run', 'bin']) mkdirSync(join(directory, name), { mode: 0o700 });
    for (const path of [directory, join(directory, 'run'), join(directory, 'bin')]) chownSync(path, NOBODY, NOBODY);
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  /** Runs the command as the user; in a mount namespace of its own, in which `/etc/subuid` and `/etc/subgid` have this text. */
  function asUser(
    subids: string,
    env: Record<string, string> = { XDG_RUNTIME_DIR: join(directory, 'run') },
  ): SpawnSyncReturns<string> {
    const file = join(directory, 'subids');
    writeFileSync(file, subids, { mode: 0o644 });
    const script = [
      'for file in /etc/subuid /etc/subgid; do mount --bind "$1" $file; done; shift',
      `exec setpriv --reuid ${NOBODY} --regid ${NOBODY} --clear-groups "$@"`,
    ].join('\n');
    const path = [join(directory, 'bin'), dirname(process.execPath), process.env['PATH']].join(':');
    const args = ['-m', 'sh', '-ec', script, 'sh', file, command.path, ...WORDS];
    return spawnSync('unshare', args, { encoding: 'utf8', env: { PATH: path, ...env }, cwd: '/', timeout: 60_000 });
  }

  const stateRoot = (): string => join(directory, 'run/coracle');
  const toldBy = ({ status, stdout, stderr }: SpawnSyncReturns<string>): object => ({ status, stdout, stderr });

  test.each([
    ['his own id alone', '', 'deny'],
    ['subordinate ids', `${NOBODY}:200000:1000\n`, 'allow'],
  ])('does and prints what it did, with %s', (_, subids, setgroups) => {
    const first = asUser(subids);
    expect(first.stdout).toContain(`\n${setgroups}\n`);
    expect(first).toMatchObject({ status: 7, stderr: 'err\n' });
    expect(existsSync(placeOf(stateRoot(), { words: WORDS.slice(1), cwd: '/' }))).toBe(true);
    expect(toldBy(onlyKnown(() => asUser(subids)))).toEqual(toldBy(first));
  });

  test('is planned anew where he was given other ids', () => {
    expect(asUser(`${NOBODY}:200000:1000\n`).status).toBe(7);
    expect(onlyKnown(() => asUser(`${NOBODY}:300000:1000\n`)).stderr).toContain(NOT_KNOWN);
    expect(asUser(`${NOBODY}:300000:1000\n`).stdout).toContain(' 300000 ');
  });

  test('says what is wrong where the helper has changed its mind, and leaves nothing', () => {
    const helper = join(directory, 'bin/newuidmap');
    const write = (script: string): void => writeFileSync(helper, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    write('exec /usr/bin/newuidmap "$@"');
    const subids = `${NOBODY}:200000:1000\n`;
    expect(asUser(subids).status).toBe(7);
    write('echo "newuidmap: uid range [1-1001) -> [200000-201000) not allowed" >&2; exit 1');
    const refused = asUser(subids);
    expect(refused.status).toBe(125);
    expect(refused.stderr).toContain('uid range [1-1001) -> [200000-201000) not allowed');
    expect(readdirSync(stateRoot()).filter((name) => !/^names$|^start-/.test(name))).toEqual([]);
  });

  test('is kept in his cache where his containers are among temporary files', () => {
    const isNew = !existsSync(`/tmp/coracle-${NOBODY}`);
    const env = { HOME: directory, TMPDIR: '/tmp' };
    try {
      const first = asUser('', env);
      expect(first).toMatchObject({ status: 7, stderr: 'err\n' });
      expect(readdirSync(join(directory, '.cache/coracle'))).toEqual([expect.stringMatching(/^start-\d+$/)]);
      expect(readdirSync(`/tmp/coracle-${NOBODY}`).filter((name) => /start-/.test(name))).toEqual([]);
      expect(toldBy(onlyKnown(() => asUser('', env)))).toEqual(toldBy(first));
      chmodSync(join(directory, '.cache/coracle'), 0o777);
      expect(onlyKnown(() => asUser('', env)).stderr).toContain(NOT_KNOWN);
    } finally {
      if (isNew) rmSync(`/tmp/coracle-${NOBODY}`, { recursive: true, force: true });
    }
  });

  test.each([
    ['where no directory can be made', '/proc'],
    ['that is not there', '/nonexistent'],
    ['that is a file', '/dev/null'],
  ])('is not kept in a home %s, and the command ends', (_, home) => {
    const isNew = !existsSync(`/tmp/coracle-${NOBODY}`);
    try {
      expect(asUser('', { HOME: home, TMPDIR: '/tmp' })).toMatchObject({ status: 7, stderr: 'err\n' });
    } finally {
      if (isNew) rmSync(`/tmp/coracle-${NOBODY}`, { recursive: true, force: true });
    }
  });

  test('is not for another user, whoever finds it', () => {
    expect(asUser('').status).toBe(7);
    const mine = { uid: NOBODY + 1, env: { XDG_RUNTIME_DIR: join(directory, 'run') } };
    const { status, stderr } = command.run(WORDS, mine);
    expect(status).toBe(125);
    expect(stderr).toContain(stateRoot());
  });
});
