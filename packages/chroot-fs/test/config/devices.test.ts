import { createDevices, DEFAULT_DEVICES, type DeviceNode, linkDevices } from '@coracle/chroot-fs/config';
import { renderStep, resultOf, type Step } from '@coracle/syscalls';
import { describe, expect, test } from '@jest/globals';

const root = resultOf('rootfs');
const fuse: DeviceNode = { path: '/dev/fuse', type: 'c', major: 10, minor: 229, mode: 0o660, uid: 0, gid: 5 };
const lines = (steps: readonly Step[]): string[] => steps.map(renderStep);

describe('devices of a config.json', () => {
  test('a node is made with its mode and given to its owner, unless it is there already', () => {
    const steps = createDevices([fuse], { root, source: 'mknod' });
    const [made, given] = steps.filter(({ syscall }) => ['mknodat', 'fchownat'].includes(syscall));
    expect(made).toMatchObject({ tolerate: ['EEXIST'], args: [expect.anything(), 'fuse', { value: 0o20660 }, 0xae5] });
    expect(given).toMatchObject({ needs: 'node', args: [expect.anything(), 'fuse', 0, 5, expect.anything()] });
  });

  test("in a user namespace the host's node is shown, and a pipe is made all the same", () => {
    const pipe: DeviceNode = { ...fuse, path: '/dev/pipe', type: 'p', major: 0, minor: 0 };
    const steps = createDevices([fuse, pipe], { root, source: 'bind' });
    expect(lines(steps).filter((line) => line.startsWith('open_tree'))).toEqual([
      expect.stringContaining('"/dev/fuse"'),
    ]);
    expect(steps.filter(({ args }) => args[1] === 'pipe' || args[1] === 'fuse').map(({ syscall }) => syscall)).toEqual([
      'mknodat',
      'mknodat',
      'fchownat',
    ]);
  });

  test("nothing can be executed through the host's node, nor with the rights of its owner", () => {
    expect(lines(createDevices([fuse], { root, source: 'bind' }))[1]).toBe(
      'mount_setattr(<mount>, "", AT_EMPTY_PATH, {set: MOUNT_ATTR_NOSUID|MOUNT_ATTR_NOEXEC}, 32)',
    );
  });

  test('the usual ones are those of every runtime', () => {
    expect(DEFAULT_DEVICES.map(({ path }) => path)).toEqual(
      ['null', 'zero', 'full', 'random', 'urandom', 'tty'].map((name) => `/dev/${name}`),
    );
  });

  test("a link to the kernel's memory is made only where it is shown", () => {
    const links = (core: boolean): unknown[] =>
      linkDevices({ root, core })
        .filter(({ syscall }) => syscall === 'symlinkat')
        .map(({ args }) => args[2]);
    expect(links(false)).toEqual(['fd', 'stdin', 'stdout', 'stderr', 'ptmx']);
    expect(links(true)).toContain('core');
  });
});
