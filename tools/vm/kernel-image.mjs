// Debian's kernel unpacks itself at boot, which takes the emulated processor 4 s. Here it is unpacked once, and started at
// the entry that it has for virtual machines (PVH).
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';

// Offsets of the boot header, see Documentation/x86/boot.rst.
const SETUP_SECTORS = 0x1f1;
const PAYLOAD_OFFSET = 0x248;
const PAYLOAD_LENGTH = 0x24c;
const SECTOR = 512;

const FORMATS = [
  { magic: 'fd377a585a00', tool: 'xz', sizeBytes: 4 }, // the kernel's build appends the unpacked size
  { magic: '28b52ffd', tool: 'zstd', sizeBytes: 4 },
  { magic: '1f8b08', tool: 'gzip', sizeBytes: 0 },
];
const PVH_NOTES = [4, 8].map((size) => Buffer.from([4, 0, 0, 0, size, 0, 0, 0, 18, 0, 0, 0, ...Buffer.from('Xen\0')]));

/**
 * The kernel in the form that boots fastest: unpacked where that can be kept, as the package brings it otherwise.
 * @param {import('./parts.mjs').Parts['kernel']} kernel
 * @param {import('./cache.mjs').Cache} cache
 * @returns {string} path
 */
export function provideKernel({ image, release }, cache) {
  if (!cache.kept) return image;
  const { size, mtimeMs } = statSync(image);
  const key = createHash('sha256').update(`${size} ${mtimeMs}`).digest('hex').slice(0, 16);
  const path = cache.file(`vmlinux-${release}`, key, () => unpack(readFileSync(image)) ?? Buffer.alloc(0));
  return statSync(path).size > 0 ? path : image; // an empty file remembers that it cannot be unpacked
}

/**
 * @param {Buffer} image of the kernel, as in /boot
 * @returns {Buffer | undefined} an ELF file; undefined when the image has another form, lacks the entry for virtual
 *   machines, or the program that unpacks it is not installed
 */
export function unpack(image) {
  if (image.length < PAYLOAD_LENGTH + 4) return undefined;
  const start = (image[SETUP_SECTORS] + 1) * SECTOR + image.readUInt32LE(PAYLOAD_OFFSET);
  const payload = image.subarray(start, start + image.readUInt32LE(PAYLOAD_LENGTH));
  const format = FORMATS.find(({ magic }) => payload.toString('hex', 0, magic.length / 2) === magic);
  if (!format) return undefined;
  const packed = payload.subarray(0, payload.length - format.sizeBytes);
  const { status, stdout } = spawnSync(format.tool, ['-dc'], { input: packed, maxBuffer: 2 ** 30 });
  return status === 0 && PVH_NOTES.some((note) => stdout.includes(note)) ? stdout : undefined;
}
