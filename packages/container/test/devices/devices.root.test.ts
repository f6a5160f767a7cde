import { execFileSync } from 'node:child_process';
import { existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { detect } from '@coracle/cgroups';
import { type RunOptions, run } from '@coracle/container';
import { needs } from '@coracle/test-support';
import { describe, expect, test } from '@jest/globals';
import { makeScratch } from '../mounts/scene.ts';

const hasRules = { what: 'device rules in a cgroup', met: detect().devices.version !== undefined };
const hasFuse = { what: '/dev/fuse', met: existsSync('/dev/fuse') };
const ruled = needs.test(needs.root, hasRules, hasFuse);

const sh = (script: string, options: Omit<RunOptions, 'input'> = {}): ReturnType<typeof run> =>
  run('sh', ['-c', script], { env: { LC_ALL: 'C' }, ...options });
const OPEN_OWN_NODE = 'mknod /tmp/node c 10 229 && true </tmp/node && echo opened';

describe('the devices of a container', () => {
  ruled('a node of another device can be made, but not be opened', async () => {
    const { stdout, stderr } = await sh(OPEN_OWN_NODE);
    expect(stdout).toBe('');
    expect(stderr).toContain('Operation not permitted');
    expect(await sh('mknod /tmp/node c 1 7 && head -c1 /tmp/node | wc -c')).toMatchObject({ stdout: '1\n' });
  });

  ruled('a rule lets it be opened', async () => {
    expect(await sh(OPEN_OWN_NODE, { deviceRules: ['c 10:229 r'] })).toMatchObject({ stdout: 'opened\n' });
  });

  ruled('privileged containers may use all', async () => {
    expect(await sh(OPEN_OWN_NODE, { privileged: true })).toMatchObject({ stdout: 'opened\n' });
  });

  ruled('a node that is asked for is there, where it is asked for, with the access asked for', async () => {
    const use = 'true </dev/f && echo read; true >/dev/f && echo written';
    const shown = (access: string): RunOptions => ({ devices: [{ path: '/dev/fuse', target: '/dev/f', access }] });
    expect(await sh(use, shown('rw'))).toMatchObject({ stdout: 'read\nwritten\n' });
    expect(await sh(use, shown('r'))).toMatchObject({ stdout: 'read\n' });
  });

  ruled('of a directory that is asked for every node is there, also below it, and nothing else', async () => {
    using scratch = makeScratch();
    const source = scratch.mount('nodes');
    scratch.directory('nodes/below');
    scratch.directory('nodes/empty');
    scratch.file('nodes/file', '');
    const makeNode = (name: string, minor: string): void => {
      execFileSync('mknod', ['-m', '666', join(source, name), 'c', '10', minor]);
    };
    makeNode('one', '229');
    makeNode('below/other', '229');
    symlinkSync('one', join(source, 'link'));
    const look =
      'cd /dev/all && find . | sort; for f in one below/other; do true <$f && echo read; true >$f && echo written; done';
    const shown = (access: string): RunOptions => ({ devices: [{ path: source, target: '/dev/all', access }] });
    const names = '.\n./below\n./below/other\n./one\n';
    expect((await sh(look, shown('rw'))).stdout).toBe(`${names}${'read\nwritten\n'.repeat(2)}`);
    expect((await sh(look, shown('r'))).stdout).toBe(`${names}read\nread\n`);
    const empty = { devices: [{ path: join(source, 'empty') }] };
    await expect(run('true', [], empty)).rejects.toThrow(`there is no device node in ${source}/empty`);
  });

  ruled('privileged containers have all that the host has, and what else is to lie there', async () => {
    using scratch = makeScratch();
    scratch.directory('volume');
    const volumes = [{ source: join(scratch.path, 'volume'), target: '/dev/net/' }];
    const devices = [{ path: '/dev/zero', target: '/dev/fuse' }];
    const look =
      'cd /dev; find . -mindepth 1 ! -type d ! -path "./pts/*" | sort; stat -c %t:%T fuse loop-control; ls net';
    const { stdout } = await sh(look, { privileged: true, devices, volumes });
    expect(stdout).toMatch(/^\.\/loop-control\n(.*\n)*1:5\na:ed\n$/m);
    const ofHost = execFileSync('find', ['/dev', '(', '-type', 'c', '-o', '-type', 'b', ')', '-printf', './%P\n'], {
      encoding: 'utf8',
    });
    const expected = ofHost.split('\n').filter((name) => !/^\.\/(pts|net|shm|mqueue)\/|console$/.test(name));
    expect(stdout.split('\n')).toEqual(expect.arrayContaining(expected));
    expect((await sh('ls /dev', {})).stdout).not.toContain('loop');
    const own = await sh('ls /dev', { privileged: true, tmpfs: [{ target: '/dev' }] });
    expect(own.stdout).not.toContain('loop');
  });

  needs.test(hasFuse)('an ordinary user can show a device too', async () => {
    const { stdout } = await sh('test -c /dev/fuse && echo there', {
      devices: [{ path: '/dev/fuse' }],
      userNamespace: 'auto',
    });
    expect(stdout).toBe('there\n');
  });

  test.each([{}, { userNamespace: 'auto' as const }])(
    'what is asked for in the place of a usual one is there instead, with %j',
    async (options) => {
      using scratch = makeScratch();
      const volumes = [{ source: scratch.file('file', 'a volume'), target: '/dev/full' }];
      const devices = [{ path: '/dev/null', target: '/dev/zero' }];
      const { stdout, stderr } = await sh('stat -c %t:%T /dev/zero /dev/null; cat /dev/full', {
        ...options,
        volumes,
        devices,
      });
      expect({ stdout, stderr }).toEqual({ stdout: '1:3\n1:3\na volume', stderr: '' });
    },
  );

  test.each([
    [{ devices: [{ path: '/dev/no-such-device' }] }, 'there is no device node /dev/no-such-device'],
    [{ devices: [{ path: '/etc/passwd' }] }, '/etc/passwd is no device node'],
    [{ devices: [{ path: '/dev/null', access: 'rx' }] }, "'rx' is no access to a device"],
    [{ deviceRules: ['q 1:3 r'] }, 'no rule for devices'],
  ])('%j is refused', async (options, message) => {
    await expect(run('true', [], options)).rejects.toThrow(message);
  });
});
