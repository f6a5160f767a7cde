// The archive format the kernel unpacks into its first root: cpio's "newc", see Documentation/driver-api/early-userspace.

const MAGIC = '070701';
const TYPES = { directory: 0o040000, file: 0o100000, link: 0o120000, character: 0o020000 };

/**
 * @typedef {object} Entry
 * @property {string} path without a leading slash; parents come before what is in them
 * @property {'directory' | 'file' | 'link' | 'character'} type
 * @property {number} [mode] permissions (default: 0o755)
 * @property {Buffer | string} [data] a file's content or a link's target
 * @property {[major: number, minor: number]} [device]
 */

/**
 * Packs entries, all of them root's.
 * @param {Entry[]} entries
 * @returns {Buffer}
 */
export function pack(entries) {
  const records = entries.map((entry, index) => record(entry, index + 1));
  return Buffer.concat([...records, record({ path: 'TRAILER!!!', mode: 0 }, 0)]);
}

function record({ path, type, mode = 0o755, data = '', device: [major, minor] = [0, 0] }, inode) {
  const content = Buffer.from(data);
  const name = Buffer.from(`${path}\0`);
  const [links, owner, group, time] = [1, 0, 0, 0];
  const kind = type ? TYPES[type] : 0;
  const fields = [inode, kind | mode, owner, group, links, time, content.length, 0, 0, major, minor, name.length, 0];
  const header = MAGIC + fields.map((field) => field.toString(16).padStart(8, '0')).join('');
  return Buffer.concat([aligned(Buffer.concat([Buffer.from(header), name])), aligned(content)]);
}

function aligned(buffer) {
  return Buffer.concat([buffer, Buffer.alloc(-buffer.length & 3)]);
}
