// The machine's first root: busybox, the modules that mount this computer's files, and the two scripts of guest/.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { pack } from './cpio.mjs';

const MODULES = ['virtio_pci', 'virtio_console', 'virtio_blk', '9pnet_virtio', '9p', 'overlay'];
const APPLETS =
  'sh mount insmod mkdir mkfifo ln cp cat tee wc head rm grep hostname ip switch_root setsid env kill sleep chown chmod'.split(
    ' ',
  );
const UNPACK = { '.xz': 'xz', '.gz': 'gzip', '.zst': 'zstd' };

/**
 * Makes the initramfs, or takes the one that was made of the same parts before.
 * @param {import('./parts.mjs').Parts} parts
 * @param {import('./cache.mjs').Cache} cache
 * @returns {string} path
 */
export function provideInitramfs(parts, cache) {
  return cache.file(`initramfs-${parts.kernel.release}`, fingerprint(parts), () => pack(contents(parts)));
}

/** What the archive is made of; files of packages by size and time, for reading them costs more than the rest of a start. */
function fingerprint({ busybox, kernel }) {
  const hash = createHash('sha256');
  for (const file of ['initramfs.mjs', 'cpio.mjs', 'guest/init.sh', 'guest/supervise.sh']) hash.update(source(file));
  for (const file of [busybox, join(kernel.modules, 'modules.dep')]) {
    const { size, mtimeMs } = statSync(file);
    hash.update(`${file} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex').slice(0, 16);
}

/** @returns {import('./cpio.mjs').Entry[]} */
function contents({ busybox, kernel }) {
  const modules = loadOrder(readFileSync(join(kernel.modules, 'modules.dep'), 'utf8'), MODULES);
  return [
    ...['bin', 'dev', 'proc', 'sys', 'host', 'layers', 'new', 'modules'].map((path) => ({ path, type: 'directory' })),
    { path: 'dev/console', type: 'character', mode: 0o600, device: [5, 1] },
    { path: 'bin/busybox', type: 'file', data: readFileSync(busybox) },
    ...APPLETS.map((applet) => ({ path: `bin/${applet}`, type: 'link', data: 'busybox' })),
    { path: 'init', type: 'file', data: source('guest/init.sh') },
    { path: 'modules-of-kernel', type: 'file', data: Buffer.from(kernel.modules) },
    { path: 'supervise', type: 'file', data: source('guest/supervise.sh') },
    // Numbered, so that the order of names is the order of loading.
    ...modules.map((module, index) => ({
      path: `modules/${String(index).padStart(2, '0')}-${basename(module).replace(/\.ko.*/, '.ko')}`,
      type: 'file',
      data: readModule(join(kernel.modules, module)),
    })),
  ];
}

/**
 * The files to load, each after those it needs. A name without a line is built into the kernel.
 * @param {string} dependencies the text of modules.dep
 * @param {string[]} names of modules
 * @returns {string[]} paths relative to the kernel's module directory
 */
export function loadOrder(dependencies, names) {
  const lines = new Map(
    dependencies
      .split('\n')
      .filter((line) => line.includes(':'))
      .map((line) => {
        const [path = '', rest = ''] = line.split(':');
        // modules.dep lists the nearest first; whatever these need themselves comes further right.
        return [basename(path).replace(/\.ko.*/, ''), [path, ...rest.trim().split(/\s+/).filter(Boolean)].reverse()];
      }),
  );
  return [...new Set(names.flatMap((name) => lines.get(name) ?? []))];
}

function readModule(path) {
  const tool = UNPACK[extname(path)];
  return tool ? execFileSync(tool, ['-dc', path], { maxBuffer: 1 << 26 }) : readFileSync(path);
}

function source(name) {
  return readFileSync(join(import.meta.dirname, name));
}
