import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HostRoot } from '@coracle/chroot-fs';
import { needs } from '@coracle/test-support';
import { expect } from '@jest/globals';
import { makeScene } from './rootfs.ts';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const PROGRAM = "import { inspectHost } from '@coracle/chroot-fs'; console.log(JSON.stringify(inspectHost()));";
const MINUTE = 60_000;

/** What is found on a host whose /etc is that directory, in a mount namespace of its own. */
function inspect(etc: string): HostRoot {
  const node = ['--conditions', '@coracle/source', '--import', 'tsx', '--input-type=module', '-e', PROGRAM];
  const script = 'mount --bind "$1" /etc; shift; exec "$@"';
  const { stdout, stderr } = spawnSync('unshare', ['-m', 'sh', '-ec', script, 'sh', etc, process.execPath, ...node], {
    encoding: 'utf8',
    cwd: PACKAGE,
    env: { ...process.env, NODE_OPTIONS: '', TSX_DISABLE_CACHE: '1' },
  });
  if (!stdout.startsWith('{')) throw new Error(`the program printed no result: ${stdout}${stderr}`);
  return JSON.parse(stdout);
}

needs.test(needs.root, needs.program('unshare'))(
  'a host with odd settings: what is small is copied, the rest shown, links to programs made again',
  () => {
    using scene = makeScene({
      'etc/passwd': 'röot:x:0:0::/root:/bin/sh\n',
      'etc/services': '#'.repeat(16 * 1024 + 1),
      'etc/profile': '#'.repeat(16 * 1024),
      'etc/shadow': 'root:secret\n',
      'etc/ssl/private/key': 'secret\n',
      'etc/ssl/certs': { link: '/usr/share/certs' },
      'etc/resolv.conf': { link: '../etc/elsewhere' },
      'etc/elsewhere': 'nameserver 10.0.0.1\n',
      'etc/group': { link: 'none' },
      'etc/profile.d/one.sh': '',
    });
    const found = inspect(join(scene.rootfs, 'etc'));
    const inEtc = ({ path }: { path: string }): boolean => path.startsWith('/etc/');
    expect(found.copied).toEqual(['/etc/passwd', '/etc/profile', '/etc/resolv.conf']);
    expect(found.shown.filter(inEtc)).toEqual([
      { path: '/etc/profile.d', kind: 'directory' },
      { path: '/etc/services', kind: 'file' },
    ]);
    expect(found.links.filter(inEtc)).toEqual([{ path: '/etc/ssl/certs', target: '/usr/share/certs' }]);
  },
  MINUTE,
);
