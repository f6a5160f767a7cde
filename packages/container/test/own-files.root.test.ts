import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { runConfig } from '@coracle/container/config';
import { type BusyboxRootfs, makeBusyboxRootfs, needs } from '@coracle/test-support';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RunOptions } from '../src/index.ts';
import { byDescriptor } from './by-descriptor.ts';
import { openWay, WAYS, type Way } from './escapes/support/ways.ts';
import { baseConfig } from './oci/support/base-config.ts';

const LOOK = 'cat /etc/hosts /etc/hostname /etc/resolv.conf';
const OLD = { hosts: '1.2.3.4\told\n', hostname: 'old\n', 'resolv.conf': 'nameserver 192.0.2.1\n' };
const HOSTS = '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n127.0.1.1\tbox\n';

needs.describe(needs.root, needs.program('busybox'))('a root with names of another machine in it', () => {
  let rootfs: BusyboxRootfs;
  const old = (): string[] => Object.keys(OLD).map((name) => readFileSync(join(rootfs.path, 'etc', name), 'utf8'));
  beforeAll(() => {
    rootfs = makeBusyboxRootfs();
    for (const [name, text] of Object.entries(OLD)) writeFileSync(join(rootfs.path, 'etc', name), text);
    writeFileSync(join(rootfs.path, 'mine'), 'mine\n');
    chmodSync(join(rootfs.path, 'mine'), 0o644);
  });
  afterAll(() => {
    expect(old()).toEqual(Object.values(OLD));
    rootfs[Symbol.dispose]();
  });

  for (const name of WAYS) {
    const group = name === 'root in a user namespace' ? needs.describe(byDescriptor) : describe;
    group(`started as ${name}`, () => {
      let way: Way;
      beforeAll(() => {
        way = openWay(name);
      });
      afterAll(() => way[Symbol.dispose]());
      const sh = async (script: string, options: Partial<RunOptions> = {}): Promise<string> => {
        const root = { path: rootfs.path, overlay: name === 'an ordinary user' };
        const { stdout, stderr } = await way.run(['sh', '-c', script], {
          root,
          ...(options.network === 'host' ? {} : { hostname: 'box' }),
          ...options,
        });
        return stdout + stderr;
      };

      test('shows those of the container, which it may change for itself', async () => {
        const resolvConf = readFileSync('/etc/resolv.conf', 'utf8');
        const before = statSync(join(rootfs.path, 'etc')).mtimeMs;
        expect(await sh(LOOK)).toBe(`${HOSTS}box\n${resolvConf}`);
        expect(await sh('echo changed > /etc/hosts; cat /etc/hosts; stat -c %u:%g:%a /etc/hosts')).toBe(
          'changed\n0:0:644\n',
        );
        expect([old(), statSync(join(rootfs.path, 'etc')).mtimeMs]).toEqual([Object.values(OLD), before]);
      });

      test.each([
        ['this root', undefined],
        ['the host root', 'host'],
      ] as const)('shows the names of the host where the network is shared, in %s', async (_, root) => {
        const shared = { network: 'host', ...(root ? { root } : {}) } as const;
        const seen = await sh('cat /etc/hosts; hostname; echo $HOSTNAME; cat /etc/hostname', shared);
        const own = `${hostname()}\n`;
        expect(seen).toBe(readFileSync('/etc/hosts', 'utf8') + own.repeat(3));
        const named = await sh('cat /etc/hosts; hostname', { ...shared, hostname: 'box' });
        expect(named).toBe(`${readFileSync('/etc/hosts', 'utf8')}box\n`);
      });

      test('shows the file that the user has mounted in its place', async () => {
        const volumes = [{ source: join(rootfs.path, 'mine'), target: '/etc/hosts' }];
        expect(await sh('cat /etc/hosts /etc/hostname', { volumes })).toBe('mine\nbox\n');
      });

      test('takes no changes of them where it takes none at all', async () => {
        const seen = await sh('(echo x > /etc/hosts); (echo x > /etc/resolv.conf); cat /etc/hostname', {
          readOnly: true,
        });
        expect(seen.match(/Read-only file system/g)).toHaveLength(2);
        expect(seen).toMatch(/^box$/m);
      });
    });
  }

  test('is shown as it is to the container of a config.json, which says itself what it wants', async () => {
    const { stdout } = await runConfig(baseConfig(LOOK, { root: { path: rootfs.path } }), {
      bundle: rootfs.path,
      id: 'coracle-own-files-test',
    });
    expect(stdout).toBe(Object.values(OLD).join(''));
  });

  test('is left alone where it has none of them', async () => {
    using bare = makeBusyboxRootfs();
    const way = openWay('root');
    const { stdout } = await way.run(['sh', '-c', 'ls /etc; grep -c " /etc" /proc/self/mountinfo'], {
      root: bare.path,
    });
    expect(stdout.split('\n')).toEqual([...readdirSync(join(bare.path, 'etc')).toSorted(), '0', '']);
  });
});
