import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { landlockVersion } from '@coracle/syscalls';
import { makeBusyboxRootfs, needs } from '@coracle/test-support';
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { Container, explainContainer, type RunOptions, run } from '../../src/index.ts';
import { openWay, WAYS, type Way } from '../escapes/support/ways.ts';

const WALL: Pick<RunOptions, 'security'> = { security: { landlock: 'files' } };
const testWall = needs.test(needs.root, { what: 'Landlock 2', met: landlockVersion() >= 2 });

/** What every program may rely on, each line on its own. */
const DAILY = [
  'mkdir -p /tmp/a /home/b /var/c && echo one > /tmp/a/f && mv /tmp/a/f /home/b/g && ln /home/b/g /var/c/h',
  'mkdir -p /home/b && ln -s g /home/b/link && : > /var/h && mkfifo /run/fifo && rm -r /home/b && : > /var/h && ! test -s /var/h',
  'cp /usr/bin/env /tmp/env && /tmp/env true',
  'cd "$(mktemp -d)" && pwd > here && test -s here',
  'echo x > /dev/null && test "$(head -c3 /dev/zero | wc -c)" = 3 && echo x > /dev/shm/x && exec 3<> /dev/ptmx',
  'test -r /proc/self/status && test -r /proc/1/status && ls / /proc/self/fd /sys/class > /dev/null && cat /etc/passwd > /dev/null',
  'echo x > file && test -s /made/for/it/file',
  'echo x > /data/sub/new && echo y > /data/file && rm /data/sub/new',
  'echo z > /one.txt',
];

describe.each(WAYS)('behind Landlock, as %s,', (name) => {
  let way: Way;
  let directory: string;
  beforeAll(() => {
    if (!needs.root.met) return;
    way = openWay(name);
    directory = mkdtempSync(join(tmpdir(), 'landlock-'));
    mkdirSync(join(directory, 'sub'));
    for (const file of ['file', 'one.txt']) writeFileSync(join(directory, file), '');
    // The last user writes to them as well.
    for (const path of ['', 'sub', 'file', 'one.txt']) chmodSync(join(directory, path), 0o777);
  });
  afterAll(() => {
    way?.[Symbol.dispose]();
    if (directory) rmSync(directory, { recursive: true });
  });

  for (const script of DAILY)
    testWall(`programs do what they are there for: ${script}`, async () => {
      const volumes = [
        { source: directory, target: '/data' },
        { source: join(directory, 'one.txt'), target: '/one.txt' },
      ];
      const ended = await way.run(['sh', '-ec', script], { ...WALL, cwd: '/made/for/it', volumes });
      expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
    });

  testWall('an init and a low limit on descriptors are no obstacle', async () => {
    const options = { ...WALL, init: true, rlimits: { nofile: 4 } };
    expect(await way.run(['true'], options)).toMatchObject({ exitCode: 0 });
  });
});

describe('behind Landlock', () => {
  testWall('what was in force is told', async () => {
    expect((await run('true', [], WALL)).isolation).toMatchObject({ landlock: ['files'], missing: [] });
    expect((await run('true', [])).isolation.landlock).toEqual([]);
    const { landlock, missing } = (await run('true', [], { ...WALL, privileged: true })).isolation;
    expect([landlock, missing.map(({ what }) => what)]).toEqual([[], ['landlock']]);
  });

  testWall('a volume that lies where the user cannot go is no obstacle', async () => {
    const volumes = [{ source: tmpdir(), target: '/root/data' }];
    expect(await run('true', [], { ...WALL, user: '1234', volumes })).toMatchObject({ exitCode: 0 });
  });

  testWall('a program writes to the file its output goes to, by name', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'landlock-')), 'log');
    const fd = openSync(path, 'w');
    try {
      const { exitCode } = await run('sh', ['-c', 'echo by name > /dev/stdout'], { ...WALL, stdout: fd });
      expect([exitCode, readFileSync(path, 'utf8')]).toEqual([0, 'by name\n']);
    } finally {
      closeSync(fd);
      rmSync(join(path, '..'), { recursive: true });
    }
  });

  testWall('a terminal of its own can be opened and set', async () => {
    const command = ['sh', '-c', 'echo hello > "$(tty)" && stty -echo < /dev/tty'];
    await using box = await Container.run({ ...WALL, command, terminal: { rows: 24, columns: 80 } });
    const terminal = box.takeTerminal();
    expect(await box.wait()).toMatchObject({ exitCode: 0 });
    expect(terminal).toEqual(expect.any(Number));
    if (terminal !== undefined) closeSync(terminal);
  });

  testWall('the listener of a filter is handed over all the same', async () => {
    const seccomp = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_NOTIFY' }],
    };
    const { stderr } = await run('mkdir', ['/tmp/new'], {
      security: { ...WALL.security, seccomp },
      onSyscall: () => ({ errno: 'EROFS' }),
    });
    expect(stderr).toMatch(/Read-only file system/);
  });

  testWall('a read-only root of another kind holds, and a directory in memory is written', async () => {
    using rootfs = makeBusyboxRootfs();
    const options = { ...WALL, root: rootfs.path, readOnly: true, tmpfs: [{ target: '/cache' }] };
    const { stdout } = await run('sh', ['-c', 'echo x > /cache/x && cat /cache/x; ls /bin | head -1'], options);
    expect(stdout).toMatch(/^x\n.+\n$/);
  });

  testWall('a further program does not look into the first, which is in a domain of its own', async () => {
    const look = async (options: Pick<RunOptions, 'security'>): Promise<string> => {
      await using box = await Container.run({ ...options, command: ['sleep', '60'] });
      return (await box.exec(['sh', '-c', 'tr "\\0" "\\n" < /proc/1/environ | grep -c ^PATH'])).stdout;
    };
    expect(await look({})).toBe('1\n');
    expect(await look(WALL)).toBe('0\n');
  });

  testWall('explain tells what may be changed, and what only the mounts keep', () => {
    const volumes = [{ source: tmpdir(), target: '/home/me/src', readOnly: true }];
    const parts = explainContainer({ command: ['true'], ...WALL, volumes });
    const { remarks = [], steps } = parts.find(({ question }) => question.includes('start with')) ?? { steps: [] };
    expect(steps.map(({ why }) => why)).toContain('let it read /usr and what is below');
    expect(remarks).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^Landlock lets it change files below \/home .*\/dev alone/),
        expect.stringMatching(/^Only mounts keep it from changing \/home\/me\/src:/),
      ]),
    );
  });

  testWall(
    'what the mounts allow and a right would reach too far for is refused: the top of the root, /etc, /proc',
    async () => {
      const script = 'for f in /new /etc/hosts /proc/self/comm; do echo x > $f; done';
      const { stderr } = await run('sh', ['-c', script], WALL);
      expect(stderr.match(/Permission denied/g)).toHaveLength(3);
      expect((await run('sh', ['-ec', script])).stderr).toBe('');
    },
  );
});
