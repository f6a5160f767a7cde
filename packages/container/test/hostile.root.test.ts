import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ContainerOptions, run } from '@coracle/container';
import { makeBusyboxRootfs, needs } from '@coracle/test-support';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

const busybox = needs.test(needs.program('busybox'));
let rootfs: ReturnType<typeof makeBusyboxRootfs>;
beforeEach(() => {
  if (needs.program('busybox').met) rootfs = makeBusyboxRootfs();
});
afterEach(() => rootfs?.[Symbol.dispose]());

const at = (path: string): string => join(rootfs.path, path);
const fifo = (path: string): void => void spawnSync('mkfifo', [at(path)]);
const start = (command: string, options: Partial<ContainerOptions> = {}): Promise<unknown> =>
  run(command, [], { root: rootfs.path, timeout: '10s', ...options });

describe('a root file system built to hurt', () => {
  busybox('a fifo, a directory, a loop of links, or noise as program', async () => {
    fifo('bin/fifo');
    chmodSync(at('bin/fifo'), 0o755);
    mkdirSync(at('bin/directory'));
    symlinkSync('loop', at('bin/loop'));
    writeFileSync(at('bin/noise'), Buffer.alloc(5000, 0xe7), { mode: 0o755 });
    await expect(start('fifo')).rejects.toMatchObject({ code: 'EACCES' });
    await expect(start('directory')).rejects.toMatchObject({ code: 'EACCES' });
    await expect(start('loop')).rejects.toMatchObject({ code: 'ELOOP' });
    await expect(start('noise')).rejects.toMatchObject({ code: 'ENOEXEC' });
  });

  busybox('a program whose name is as long as a path can be', async () => {
    await expect(start(`/${'x'.repeat(4094)}`)).rejects.toMatchObject({ code: 'ENAMETOOLONG' });
    await expect(start(`/${'x/'.repeat(4000)}`)).rejects.toMatchObject({ code: 'ENAMETOOLONG' });
  });

  const passwd = (make: () => void): Promise<unknown> => {
    rmSync(at('etc'), { recursive: true, force: true });
    mkdirSync(at('etc'));
    make();
    return start('true', { user: 'bob' });
  };

  busybox('a password file that is none: a fifo, a directory, a loop, 20 GB of nothing, noise', async () => {
    await expect(passwd(() => fifo('etc/passwd'))).rejects.toMatchObject({ code: 'EINVAL' });
    await expect(passwd(() => void mkdirSync(at('etc/passwd')))).rejects.toMatchObject({ code: 'EISDIR' });
    await expect(passwd(() => symlinkSync('passwd', at('etc/passwd')))).rejects.toMatchObject({ code: 'ELOOP' });
    const sparse = (): void => {
      writeFileSync(at('etc/passwd'), '');
      truncateSync(at('etc/passwd'), 20 * 2 ** 30);
    };
    await expect(passwd(sparse)).rejects.toMatchObject({ code: 'EFBIG' });
    const noise = (): void => writeFileSync(at('etc/passwd'), Buffer.from([...Array(9000).keys()]));
    await expect(passwd(noise)).rejects.toThrow(/bob/);
  });

  busybox("a password file that links out of the root is not the host's", async () => {
    await expect(passwd(() => symlinkSync('/../../../../etc/passwd', at('etc/passwd')))).rejects.toMatchObject({
      code: 'ELOOP',
    });
  });

  busybox('files where directories belong', async () => {
    rmSync(at('proc'), { recursive: true, force: true });
    writeFileSync(at('proc'), '');
    await expect(start('true')).rejects.toMatchObject({ code: 'ENOTDIR' });
  });
});

describe('names', () => {
  test.each(['a/b', '..', '.', '', 'a\nb', 'a\0b', '🛶', 'x'.repeat(300), '-rf', ' a'])(
    '%j is refused',
    async (name) => {
      await expect(run('true', [], { name })).rejects.toMatchObject({ name: 'OptionError', option: 'name' });
    },
  );
});
