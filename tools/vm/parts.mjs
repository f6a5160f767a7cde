// What of this computer the machine is made of: the emulator, the kernel and the programs of its first minute.
import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { MachineError, missing } from './machine-error.mjs';

const EMULATOR = 'qemu-system-x86_64';
const PT_INTERP = 3;

/**
 * @typedef {object} Parts
 * @property {string} emulator path
 * @property {string} busybox path
 * @property {{ image: string, modules: string, release: string }} kernel
 */

/**
 * Finds everything a machine needs.
 * @param {{ path?: string, root?: string, isOwn?: boolean }} [options] `path` is searched for programs (default: `$PATH` and the
 *   system's own directories), `root` for kernels (default: `/`), which lie below it as they are installed; `isOwn` if they are of
 *   no package
 * @returns {Parts}
 * @throws {import('./machine-error.mjs').MachineError} EMISSING, with the packages to install
 */
export function findParts({
  path = `${process.env.PATH ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`,
  root = '/',
  isOwn = false,
} = {}) {
  const emulator = findProgram(EMULATOR, path);
  if (!emulator) throw missing(`There is no ${EMULATOR}`, 'qemu-system-x86');
  const kernel = findKernel(root);
  if (!kernel) throw noKernel(root, isOwn);
  const busybox = findProgram('busybox', path);
  if (!busybox || !isStatic(readFileSync(busybox))) {
    throw missing('There is no statically linked busybox', 'busybox-static');
  }
  return { emulator, busybox, kernel };
}

/**
 * The options of {@link findParts} for kernels of one's own.
 * @param {string} [directory] that has `boot/vmlinuz-*` and `lib/modules/*` (default: the installed ones)
 */
export function kernelsIn(directory) {
  return directory === undefined ? {} : { root: resolve(directory), isOwn: true };
}

function noKernel(root, isOwn) {
  const what = `There is no readable kernel ${join(root, 'boot/vmlinuz-*')} with 9p and overlay, built in or as modules`;
  if (!isOwn) return missing(what, 'linux-image-amd64');
  const put = [
    `mkdir -p ${join(root, 'boot')}`,
    `make install INSTALL_PATH=${join(root, 'boot')}`,
    `make modules_install INSTALL_MOD_PATH=${root}`,
  ];
  return new MachineError('EMISSING', `${what}. Where it was built, put it there: ${put.join(' && ')}`);
}

/** The newest kernel that knows how to mount this computer's files. */
function findKernel(root) {
  const releases = names(join(root, 'boot'))
    .filter((name) => name.startsWith('vmlinuz-'))
    .map((name) => name.slice('vmlinuz-'.length))
    .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  for (const release of releases) {
    const image = join(root, 'boot', `vmlinuz-${release}`);
    const modules = join(root, 'lib/modules', release);
    if (isAllowed(image, constants.R_OK) && hasFileSystems(modules)) return { image, modules, release };
  }
  return undefined;
}

function hasFileSystems(modules) {
  const [loadable, builtIn] = ['modules.dep', 'modules.builtin'].map((name) => join(modules, name));
  if (!existsSync(loadable)) return false;
  const known = [loadable, builtIn].filter((path) => existsSync(path)).map((path) => readFileSync(path, 'utf8'));
  return ['9pnet_virtio', 'overlay'].every((name) => known.some((text) => text.includes(`/${name}.ko`)));
}

function findProgram(name, path) {
  return path
    .split(delimiter)
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, name))
    .find((file) => isAllowed(file, constants.X_OK));
}

/** A 64-bit ELF file that asks for no dynamic loader. */
function isStatic(elf) {
  if (elf.toString('latin1', 1, 4) !== 'ELF' || elf[4] !== 2) return false;
  const [offset, size, count] = [Number(elf.readBigUInt64LE(32)), elf.readUInt16LE(54), elf.readUInt16LE(56)];
  return Array.from({ length: count }, (_, i) => elf.readUInt32LE(offset + i * size)).every(
    (type) => type !== PT_INTERP,
  );
}

function isAllowed(path, mode) {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false; // not there, or not for this user: of no use either way
  }
}

function names(directory) {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
}
