import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeBusyboxRootfs, needs } from '@coracle/test-support';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { RunOptions } from '../../src/index.ts';
import { makeScratch, type Scratch } from '../mounts/scene.ts';
import { asNobody, type CameAs, NOBODY } from './ordinary-user.ts';

const MINUTE = 60_000;
const RANGE = `${NOBODY}:300000:70000\n`;
let scratch: Scratch;
let volume: string;

beforeEach(() => {
  scratch = makeScratch();
  volume = scratch.directory('volume', 0o700);
  chownSync(volume, NOBODY, NOBODY);
});
afterEach(() => scratch[Symbol.dispose]());

const run = (script: string, options: RunOptions & { searchPath?: string }, subids = RANGE): CameAs =>
  asNobody(script, { scratch, subids, volumes: [{ source: volume, target: '/data' }], ...options });

const ownerOf = (name: string): number => statSync(join(volume, name)).uid;

const withRange = needs.describe(needs.root, needs.program('setpriv'), needs.program('newuidmap'));

withRange('an ordinary user whose PATH leads nowhere, as in a service', () => {
  test(
    'has his range all the same: newuidmap is started from where it was found',
    () => {
      const { stdout } = run('cat /proc/self/uid_map', { searchPath: '/no/such' });
      expect(stdout.trim().split('\n')).toHaveLength(2);
    },
    MINUTE,
  );
});

withRange('an ordinary user who has newuidmap in a directory of PATH', () => {
  test(
    'has his range by that one',
    () => {
      const tools = scratch.directory('tools', 0o755);
      const trace = join(volume, 'trace');
      for (const name of ['newuidmap', 'newgidmap']) {
        const real = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim();
        writeFileSync(join(tools, name), `#!/bin/sh\necho ${name} >> ${trace}\nexec ${real} "$@"\n`, { mode: 0o755 });
      }
      const { stdout } = run('cat /proc/self/uid_map', { searchPath: `/no/such:${tools}` });
      expect(stdout.trim().split('\n')).toHaveLength(2);
      expect(readFileSync(trace, 'utf8').trim().split('\n').sort()).toEqual(['newgidmap', 'newuidmap']);
    },
    MINUTE,
  );
});

withRange('an ordinary user who keeps his id', () => {
  test(
    'is the same inside, where root is another, and files that he makes are his',
    () => {
      const { stdout, userIds } = run('id -u; id -g; stat -c %u / /data; touch /data/file; cat /proc/self/uid_map', {
        userNamespace: 'keep-id',
      });
      const [uid, gid, root, data, ...map] = stdout.trim().split('\n');
      expect([uid, gid, root, data]).toEqual([`${NOBODY}`, `${NOBODY}`, '0', `${NOBODY}`]);
      expect(map.map((line) => line.trim().split(/\s+/).map(Number))).toEqual([
        [0, 300000, NOBODY],
        [NOBODY, NOBODY, 1],
        [NOBODY + 1, 300000 + NOBODY, 70000 - NOBODY],
      ]);
      expect(userIds).toBe('keep-id');
      expect(ownerOf('file')).toBe(NOBODY);
    },
    MINUTE,
  );

  test(
    'can be another inside, and outside files are still his',
    () => {
      const { stdout } = run('id -u; id -g; touch /data/file; stat -c %u /data/file', {
        userNamespace: { mode: 'keep-id', uid: 33, gid: 44 },
      });
      expect(stdout).toBe('33\n44\n33\n');
      expect(ownerOf('file')).toBe(NOBODY);
    },
    MINUTE,
  );

  test(
    'can be root inside for a while, who is nobody outside',
    () => {
      chmodSync(volume, 0o777);
      expect(run('id -u; touch /data/file', { userNamespace: 'keep-id', user: '0' }).stdout).toBe('0\n');
      expect(ownerOf('file')).toBe(300000);
    },
    MINUTE,
  );

  test(
    'has a root directory that only he may enter, with an overlay and without',
    () => {
      using rootfs = makeBusyboxRootfs();
      chmodSync(rootfs.path, 0o700);
      chownSync(rootfs.path, NOBODY, NOBODY);
      for (const root of [rootfs.path, { path: rootfs.path, overlay: true }]) {
        const { stdout } = run('id -u; touch /data/file && echo made', { userNamespace: 'keep-id', root });
        expect(stdout).toBe(`${NOBODY}\nmade\n`);
      }
    },
    MINUTE,
  );

  test(
    'can have an init',
    () => {
      const { stdout } = run('id -u; ls -d /proc/1', { userNamespace: 'keep-id', init: true });
      expect(stdout).toBe(`${NOBODY}\n/proc/1\n`);
    },
    MINUTE,
  );
});

needs.describe(needs.root, needs.program('setpriv'))('an ordinary user without a range', () => {
  test(
    'who keeps his id is the only user inside',
    () => {
      const { stdout, userIds } = run(
        'id -u; touch /data/file; stat -c %u / /data/file; cat /proc/self/uid_map',
        {
          userNamespace: 'keep-id',
        },
        '',
      );
      const [uid, root, file, map] = stdout.trim().split('\n');
      expect([uid, root, file]).toEqual(Array(3).fill(`${NOBODY}`));
      expect(map?.trim().split(/\s+/).map(Number)).toEqual([NOBODY, NOBODY, 1]);
      expect(userIds).toBe('keep-id-single');
      expect(ownerOf('file')).toBe(NOBODY);
    },
    MINUTE,
  );

  test(
    'who keeps his id has no root to be',
    () => {
      expect(() => run('true', { userNamespace: 'keep-id', user: '0' }, '')).toThrow(
        `the container has no user 0:0, only ${NOBODY}:${NOBODY} (which is you)`,
      );
    },
    MINUTE,
  );

  test(
    'is root inside with auto, as when nothing is said',
    () => {
      for (const options of [{}, { userNamespace: 'auto' as const }]) {
        const { stdout, userIds } = run('id -u; touch /data/file', options, '');
        expect([stdout, userIds]).toEqual(['0\n', 'single']);
        expect(ownerOf('file')).toBe(NOBODY);
      }
    },
    MINUTE,
  );

  test.each([
    ['host', { userNamespace: 'host' }, 'only in one of his own may he make the other namespaces'],
    ['idmap', { volumes: [{ source: '/tmp', target: '/x', idmap: true }] }, 'the right to administer the file system'],
  ] as const)(
    'is refused %s, with the reason',
    (_, options, reason) => {
      expect(() => run('true', options, '')).toThrow(reason);
    },
    MINUTE,
  );
});
