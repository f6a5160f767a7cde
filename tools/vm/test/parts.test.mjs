import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { findParts } from '../parts.mjs';

const LOADER = 3; // PT_INTERP
const CODE = 1; // PT_LOAD

let root;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'coracle-parts-'));
  for (const directory of ['bin', 'boot']) mkdirSync(join(root, directory));
});
afterEach(() => rmSync(root, { recursive: true }));

function addProgram(name, content = '') {
  writeFileSync(join(root, 'bin', name), content);
  chmodSync(join(root, 'bin', name), 0o755);
}

function addKernel(release, modules = ['kernel/9pnet_virtio.ko:', 'kernel/overlay.ko:']) {
  writeFileSync(join(root, `boot/vmlinuz-${release}`), '');
  mkdirSync(join(root, 'lib/modules', release), { recursive: true });
  writeFileSync(join(root, 'lib/modules', release, 'modules.dep'), modules.join('\n'));
}

function elf(...segments) {
  const file = Buffer.alloc(64 + 56 * segments.length);
  file.write('\x7fELF\x02', 'latin1');
  file.writeBigUInt64LE(64n, 32);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(segments.length, 56);
  for (const [index, type] of segments.entries()) file.writeUInt32LE(type, 64 + 56 * index);
  return file;
}

function find(options) {
  return findParts({ path: join(root, 'bin'), root, ...options });
}

function missing(packages) {
  return expect.objectContaining({ code: 'EMISSING', message: expect.stringContaining(`apt-get install ${packages}`) });
}

describe('findParts', () => {
  test('finds the emulator, the newest kernel and busybox', () => {
    addProgram('qemu-system-x86_64');
    addProgram('busybox', elf(CODE));
    for (const release of ['6.1.0-9-amd64', '6.1.0-56-amd64']) addKernel(release);
    expect(find()).toEqual({
      emulator: join(root, 'bin/qemu-system-x86_64'),
      busybox: join(root, 'bin/busybox'),
      kernel: {
        release: '6.1.0-56-amd64',
        image: join(root, 'boot/vmlinuz-6.1.0-56-amd64'),
        modules: join(root, 'lib/modules/6.1.0-56-amd64'),
      },
    });
  });

  test('a kernel without modules for the file systems is passed over', () => {
    addProgram('qemu-system-x86_64');
    addProgram('busybox', elf(CODE));
    addKernel('6.1.0');
    addKernel('6.18.0', ['kernel/overlay.ko:']);
    expect(find().kernel.release).toBe('6.1.0');
  });

  test('what a kernel has built in it needs no modules for', () => {
    addProgram('qemu-system-x86_64');
    addProgram('busybox', elf(CODE));
    addKernel('6.1.192', ['kernel/kvm.ko:']);
    const builtIn = join(root, 'lib/modules/6.1.192/modules.builtin');
    writeFileSync(builtIn, 'kernel/9pnet_virtio.ko\n');
    expect(() => find()).toThrow('with 9p and overlay');
    writeFileSync(builtIn, 'kernel/9pnet_virtio.ko\nkernel/overlay.ko\n');
    expect(find().kernel.release).toBe('6.1.192');
  });

  test("where one's own kernel is not, it is said how it gets there", () => {
    addProgram('qemu-system-x86_64');
    const error = expect.objectContaining({
      code: 'EMISSING',
      message: expect.stringMatching(/kernel \S+\/boot\/vmlinuz-\* .*make modules_install INSTALL_MOD_PATH=/),
    });
    expect(() => find({ isOwn: true })).toThrow(error);
  });

  test('without a kernel its package is named', () => {
    addProgram('qemu-system-x86_64');
    expect(find).toThrow(missing('linux-image-amd64'));
  });

  test('without the emulator its package is named', () => {
    expect(find).toThrow(missing('qemu-system-x86'));
  });

  test.each([
    ['no program', ''],
    ['linked to libraries', elf(CODE, LOADER)],
  ])('a busybox that is %s will not do', (_, content) => {
    addProgram('qemu-system-x86_64');
    addKernel('6.1.0');
    addProgram('busybox', content);
    expect(find).toThrow(missing('busybox-static'));
  });
});
