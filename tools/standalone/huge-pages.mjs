import { readFileSync, writeFileSync } from 'node:fs';

/** Of mimalloc, the allocator in Bun: 2 is to ask for huge pages by madvise(2). Bun leaves it at 0. */
const OPTION = { name: 'allow_thp', usual: 0n, wanted: 2n };

/** What precedes the name in mimalloc's table of options: a long, and two ints. */
const BEFORE_NAME = 16;

/** In an ELF file of 64 bits: see elf(5). */
const PT_LOAD = 1;

/**
 * Has an executable that Bun has made ask for huge pages for its heap. A start writes to some 1,700 pages that are new to the kernel,
 * and each is a fault, which takes longer than what is written then; nothing but an environment variable sets this otherwise, and
 * whoever calls a command cannot be asked for that. So the option's usual value is changed, where the file has it.
 * @param {string} path of the executable
 * @returns {boolean} whether it was found; if not, nothing is changed
 */
export function askForHugePages(path) {
  const file = readFileSync(path);
  const place = placeOfOption(file);
  if (place === undefined || file.readBigInt64LE(place) !== OPTION.usual) return false;
  file.writeBigInt64LE(OPTION.wanted, place);
  writeFileSync(path, file);
  return true;
}

/** Where the usual value of the option stands: before the address of its name, to which nothing else points. */
function placeOfOption(file) {
  const name = file.indexOf(`\0${OPTION.name}\0`, 0, 'latin1') + 1;
  const address = name > 0 ? addressOf(file, name) : undefined;
  if (address === undefined) return undefined;
  const pointer = Buffer.alloc(8);
  pointer.writeBigUInt64LE(address);
  const found = file.indexOf(pointer);
  return found < BEFORE_NAME || file.indexOf(pointer, found + 1) >= 0 ? undefined : found - BEFORE_NAME;
}

/** At which address a place of the file is found in memory. */
function addressOf(file, offset) {
  const start = Number(file.readBigUInt64LE(32));
  const size = file.readUInt16LE(54);
  for (let index = 0; index < file.readUInt16LE(56); index++) {
    const header = file.subarray(start + index * size);
    const [from, address, length] = [8, 16, 32].map((field) => header.readBigUInt64LE(field));
    if (header.readUInt32LE(0) === PT_LOAD && offset >= from && BigInt(offset) < from + length)
      return BigInt(offset) - from + address;
  }
  return undefined;
}
