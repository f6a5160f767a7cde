import { spawnSync } from 'node:child_process';
import { refusedMountCalls } from '@coracle/chroot-fs';
import { bundledProgram, needs } from '@coracle/test-support';
import { expect, test } from '@jest/globals';

const [NODE, PROGRAM] = await bundledProgram(new URL('programs/as-ordinary-user.ts', import.meta.url));
const NOBODY = 65534;
const MINUTE = 60_000;

/** Runs the program as an ordinary user, who needs a name for nothing. */
function asNobody(kind: string): Record<string, unknown> {
  const { stdout, stderr } = spawnSync(NODE, [PROGRAM, kind], {
    encoding: 'utf8',
    uid: NOBODY,
    gid: NOBODY,
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  if (!stdout.startsWith('{')) throw new Error(`the program printed no result: ${stdout}${stderr}`);
  return JSON.parse(stdout);
}

const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty'].map((name) => `/dev/${name}`);
const FURNITURE = ['/', '/proc', '/dev', ...DEVICES, '/proc/version'];
/** What is below a mount of the host stays covered: a copy of one mount alone is EINVAL. */
const EVERYWHERE = {
  uncovered: 'EINVAL',
  hides: refusedMountCalls().length === 0 ? 'swallows' : 'EROFS',
  version: '',
  null: 'yes',
  zero: true,
  host: false,
  wrote: 'yes',
  name: 'new\n',
  names: ['name'],
};

needs.describe(needs.root)('an ordinary user in a user namespace', () => {
  test(
    'gets a root from his directory, with bound devices, masks and read-only paths; changes stay',
    () => {
      expect(asNobody('bind')).toMatchObject({
        ...EVERYWHERE,
        kept: 'new\n',
        secret: '',
        mounts: [...FURNITURE, '/opt/secret', '/proc/sys'],
      });
    },
    MINUTE,
  );

  test(
    'gets an overlay, whose changes are thrown away',
    () => {
      expect(asNobody('overlay')).toMatchObject({
        ...EVERYWHERE,
        kept: 'box\n',
        secret: '',
        mounts: [...FURNITURE, '/opt/secret', '/proc/sys'],
      });
    },
    MINUTE,
  );

  test(
    'gets the host root, whose programs he cannot change',
    () => {
      expect(asNobody('tmpfs')).toMatchObject({
        ...EVERYWHERE,
        kept: 'box\n',
        secret: 'none',
        usr: 'EROFS',
        mounts: [...FURNITURE, '/proc/sys'],
      });
    },
    MINUTE,
  );
});
