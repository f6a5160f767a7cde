import { setImmediate as nextTurn } from 'node:timers/promises';
import { Container } from '@coracle/container';
import { makeBusyboxRootfs, needs } from '@coracle/test-support';
import { describe, expect, test } from '@jest/globals';

const busybox = needs.test(needs.program('busybox'));
const AS_ROOT = process.geteuid?.() === 0;
/** An ordinary user may have no other ids than that of root inside. */
const [UID, GID] = AS_ROOT ? [1234, 1235] : [0, 0];
const SLEEPS = { command: ['sleep', '787'], stdout: 'ignore', stderr: 'ignore' } as const;
/** Takes the place of both files. */
const PEOPLE = `echo maker:x:${UID}:${GID}::/:/bin/sh > /etc/passwd; echo boats:x:77:maker > /etc/group`;

async function inside(box: Container, script: string): Promise<void> {
  expect(await box.exec(['sh', '-c', script])).toMatchObject({ exitCode: 0, stderr: '' });
}

async function idsOf(box: Container, user: string): Promise<string> {
  const { stdout, stderr } = await box.exec(['sh', '-c', 'id -u; id -g; id -G'], { user });
  return (stdout + stderr).trim().replaceAll('\n', ' ');
}

const MAKER = AS_ROOT ? '1234 1235 1235 77' : expect.stringMatching(/^0 0 0/);

describe('a user who was made in a container that runs', () => {
  test("is known to programs that enter it, in the host's root", async () => {
    await using box = await Container.run(SLEEPS);
    await expect(box.exec(['true'], { user: 'maker' })).rejects.toMatchObject({ option: 'user' });
    await inside(box, PEOPLE);
    expect(await idsOf(box, 'maker')).toEqual(MAKER);
    // Whether an ordinary user has that group is a matter of /etc/subgid.
    const boats = AS_ROOT ? '1234 77 77' : expect.stringMatching(/^(0 77 77|user)$/);
    expect(await idsOf(box, 'maker:boats').catch(({ option }) => option)).toEqual(boats);
  });

  busybox('is known where an overlay alone has him, and where process 1 is an init', async () => {
    using rootfs = makeBusyboxRootfs();
    const root = { path: rootfs.path, overlay: true };
    for (const init of [false, true]) {
      await using box = await Container.run({ ...SLEEPS, root, init });
      await inside(box, PEOPLE);
      expect(await idsOf(box, 'maker')).toEqual(MAKER);
      await expect(box.exec(['true'], { user: 'alice' })).rejects.toMatchObject({ option: 'user' });
    }
  });

  busybox("is the one of a volume's file, and none is found behind it", async () => {
    using rootfs = makeBusyboxRootfs();
    const volumes = [{ source: `${rootfs.path}/etc/group`, target: '/etc/passwd', readOnly: true }];
    await using box = await Container.run({ ...SLEEPS, root: { path: rootfs.path, overlay: true }, volumes });
    await expect(box.exec(['true'], { user: 'alice' })).rejects.toMatchObject({ option: 'user' });
  });
});

describe('a program that enters by name is refused in words, at once, where the container has as its password file', () => {
  const FILES: readonly (readonly [what: string, make: string, expected: object])[] = [
    ['a fifo', 'mkfifo /etc/passwd', { code: 'EINVAL', path: '/etc/passwd' }],
    ['a directory', 'mkdir /etc/passwd', { code: 'EISDIR', path: '/etc/passwd' }],
    ['gigabytes', 'dd of=/etc/passwd bs=1 count=0 seek=8G 2> /dev/null', { code: 'EFBIG', path: '/etc/passwd' }],
    ["a magic link to the host's root", 'ln -s /proc/1/root/etc/passwd /etc/passwd', { code: 'ELOOP' }],
    ['a link that climbs out', 'ln -s ../../../../../../../../nowhere /etc/passwd', { option: 'user' }],
    ['a circle of links', 'ln -s passwd /etc/passwd', { code: 'ELOOP' }],
    ['nothing', 'true', { option: 'user' }],
  ];
  for (const [what, make, expected] of FILES)
    busybox(what, async () => {
      await using box = await Container.run(SLEEPS);
      await inside(box, `rm /etc/passwd; ${make}`);
      await expect(box.exec(['true'], { user: 'nobody' })).rejects.toMatchObject(expected);
      expect(await idsOf(box, '0')).toMatch(/^0 0/);
    });
});

test('a password file that changes places with a fifo all the time is read, or refused, and waited for by nobody', async () => {
  await using box = await Container.run(SLEEPS);
  const swaps = `${PEOPLE}; mv /etc/passwd /tmp/file; mkfifo /tmp/fifo
    while :; do for kind in file fifo; do ln /tmp/$kind /etc/new; mv -f /etc/new /etc/passwd; done; done`;
  const running = box.exec(['sh', '-c', swaps]);
  const seen: string[] = [];
  const attempt = (): Promise<string> => idsOf(box, 'maker').catch(({ code }) => String(code));
  const isRefusal = (one: string): boolean => ['EINVAL', 'ERR_CORACLE_OPTION'].includes(one);
  while (seen.length < 30 || !seen.includes('EINVAL') || seen.every(isRefusal)) {
    seen.push(await attempt());
    await nextTurn(); // a refusal comes before anything else has had its turn
  }
  box.kill();
  await running;
  // Before the first swap there is no such user.
  for (const one of seen.filter((one) => !isRefusal(one))) expect(one).toEqual(MAKER);
});

busybox('a program that has changed its root names no user for those that enter', async () => {
  using rootfs = makeBusyboxRootfs();
  const script = 'echo alice:x:0:0::/:/bin/sh > /etc/passwd; echo there; exec chroot /trap sleep 788';
  const volumes = [{ source: rootfs.path, target: '/trap' }];
  await using box = await Container.run({ command: ['sh', '-c', script], volumes, stderr: 'ignore' });
  for await (const line of box.stdout ?? []) if (String(line).includes('there')) break;
  const refusal = expect.objectContaining({ code: 'EXDEV', hint: expect.stringContaining('0') });
  await expect(rejectionOf(() => box.exec(['true'], { user: 'alice' }))).resolves.toEqual(refusal);
  expect(await idsOf(box, '0')).toMatch(/^0 0/);
});

/** The first rejection: until then the program has not got where it is to be. */
async function rejectionOf(attempt: () => Promise<unknown>): Promise<unknown> {
  for (;;) {
    try {
      await attempt();
    } catch (error) {
      return error;
    }
  }
}

test('who enters a container that has ended by name is told that', async () => {
  await using box = await Container.run(SLEEPS);
  box.kill();
  await expect(rejectionOf(() => box.exec(['true'], { user: 'root:0' }))).resolves.toMatchObject({ code: 'ESRCH' });
});
