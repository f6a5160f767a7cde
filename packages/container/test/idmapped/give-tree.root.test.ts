import { spawn, spawnSync } from 'node:child_process';
import { chownSync, lstatSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { needs } from '@coracle/test-support';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { giveTree, ownedTrees } from '../../src/idmapped/give-tree.ts';
import { OptionError, run } from '../../src/index.ts';
import { makeScratch, type Scratch } from '../mounts/scene.ts';

const ALICE = { uid: 1234, gid: 77 };
const RANGE = [{ containerId: 0, hostId: 700000, size: 65536 }];
const MAPS = { uids: RANGE, gids: RANGE, how: 'direct' } as const;

let scratch: Scratch;
beforeEach(() => {
  scratch = makeScratch();
});
afterEach(() => scratch[Symbol.dispose]());

const owner = (path: string): [number, number] => {
  const { uid, gid } = lstatSync(path);
  return [uid, gid];
};

describe('a volume with chown', () => {
  const trees = (volume: { source?: string; idmap?: boolean }, rest: Partial<Parameters<typeof ownedTrees>[1]> = {}) =>
    ownedTrees([{ source: scratch.path, target: '/x', chown: true, ...volume }], {
      user: ALICE,
      idMaps: undefined,
      isRoot: true,
      ...rest,
    });

  test('is given to the user of the container, as the host knows him', () => {
    expect(trees({})).toEqual([{ source: scratch.path, ...ALICE }]);
    expect(trees({}, { idMaps: MAPS })).toEqual([{ source: scratch.path, uid: 701234, gid: 700077 }]);
  });

  test('with mapped ids is given to him as the container knows him', () => {
    expect(trees({ idmap: true }, { idMaps: MAPS })).toEqual([{ source: scratch.path, ...ALICE }]);
  });

  test.each(['/', '/etc', '/usr/../usr/lib/', '/home'])('is refused for %s', (source) => {
    expect(() => trees({ source })).toThrow('it belongs to the system');
  });

  test('is refused to an ordinary user, with a way that works', () => {
    const refused = (): unknown => trees({}, { isRoot: false });
    expect(refused).toThrow(OptionError);
    expect(refused).toThrow('only root gives files away');
  });

  test('alone is given away', () => {
    const volumes = [{ source: '/etc', target: '/x' }];
    expect(ownedTrees(volumes, { user: ALICE, idMaps: undefined, isRoot: false })).toEqual([]);
  });
});

needs.describe(needs.root)('a tree', () => {
  test('is given away with all in it, whatever it is called', async () => {
    const source = scratch.directory('source');
    mkdirSync(join(source, 'deep/deeper'), { recursive: true });
    const odd = Buffer.concat([Buffer.from(`${source}/deep/`), Buffer.of(0xff, 0xfe, 0x0a)]);
    writeFileSync(odd, '');
    writeFileSync(join(source, 'deep/deeper/file'), '');
    await giveTree({ source, ...ALICE });
    for (const path of ['', 'deep', 'deep/deeper', 'deep/deeper/file'])
      expect([path, owner(join(source, path))]).toEqual([path, [1234, 77]]);
    expect(lstatSync(odd).uid).toBe(1234);
  });

  test('is left by no link and over no mount', async () => {
    const source = scratch.directory('source');
    const outside = scratch.directory('outside');
    symlinkSync(outside, join(source, 'link'));
    const mounted = scratch.mount('source/mounted');
    const file = scratch.file('source/mounted/file', '');
    await giveTree({ source, ...ALICE });
    expect(owner(join(source, 'link'))).toEqual([1234, 77]);
    for (const path of [outside, mounted, file]) expect([path, owner(path)]).toEqual([path, [0, 0]]);
  });

  test('is not left while somebody swaps its directories for links', async () => {
    const source = scratch.directory('source');
    const outside = scratch.directory('outside');
    const canary = scratch.file('outside/file', '');
    scratch.directory('source/swapped');
    scratch.file('source/swapped/file', '');
    symlinkSync(outside, join(source, 'link'));
    const swap = 'while :; do mv -T swapped aside; mv -T link swapped; mv -T swapped link; mv -T aside swapped; done';
    const attacker = spawn('sh', ['-c', swap], { cwd: source, stdio: 'ignore' });
    try {
      for (let time = 0; time < 300; time++) await giveTree({ source, uid: 1000 + time, gid: 77 });
    } finally {
      attacker.kill('SIGKILL');
      await new Promise((resolve) => attacker.on('close', resolve));
    }
    expect(owner(outside)).toEqual([0, 0]);
    expect(owner(canary)).toEqual([0, 0]);
  });

  test('is not looked for elsewhere when a directory above it has become a link meanwhile', async () => {
    scratch.directory('theirs');
    const outside = scratch.directory('outside/source');
    const source = join(scratch.path, 'theirs/source');
    spawnSync('rmdir', [join(scratch.path, 'theirs')]);
    symlinkSync('outside', join(scratch.path, 'theirs'));
    await expect(giveTree({ source, ...ALICE })).rejects.toMatchObject({ code: 'ELOOP' });
    expect(owner(outside)).toEqual([0, 0]);
  });

  test('that is not there is an error that names it', async () => {
    const source = join(scratch.path, 'absent');
    await expect(giveTree({ source, ...ALICE })).rejects.toMatchObject({
      code: 'ENOENT',
      message: expect.stringContaining(source),
    });
  });
});

needs.describe(needs.root)('a container', () => {
  test.each([
    ['without a user namespace', {}, ALICE.uid],
    ['with user ids of its own', { userNamespace: 'auto' }, undefined],
  ] as const)('%s writes as its user in a volume that was given to it', async (_, options, uid) => {
    const source = scratch.directory('source', 0o700);
    chownSync(source, 0, 0);
    const volumes = [{ source, target: '/data', chown: true }];
    const user = `${ALICE.uid}:${ALICE.gid}`;
    const { stdout } = await run('sh', ['-c', 'touch /data/new && stat -c %u /data/new'], {
      volumes,
      user,
      ...options,
    });
    expect(stdout).toBe(`${ALICE.uid}\n`);
    expect(statSync(join(source, 'new')).uid).toBe(statSync(source).uid);
    if (uid !== undefined) expect(owner(source)).toEqual([uid, ALICE.gid]);
  });
});
