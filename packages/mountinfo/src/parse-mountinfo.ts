import { decodeEscapes } from './escapes.ts';
import type { MountInfo, PropagationTags } from './mount-info.ts';
import { MountinfoError } from './mountinfo-error.ts';

/** Fields before the propagation tags, and the fewest a line can have: those, the `-`, type, source, options. */
const FIXED_FIELDS = 6;
const LEAST_FIELDS = FIXED_FIELDS + 4;

const NUMBERED_TAGS: Record<string, 'shared' | 'master' | 'propagateFrom'> = {
  shared: 'shared',
  master: 'master',
  propagate_from: 'propagateFrom',
};

/**
 * Parses the text of /proc/PID/mountinfo, in the order of the file. Escapes (`\040` ...) are decoded.
 *
 * The empty text (a process whose root directory lies in no mount it can see) gives no mounts.
 * @throws {MountinfoError} `ERR_CORACLE_MOUNTINFO` at the first malformed line; it names the line's number and text.
 * @see proc_pid_mountinfo(5)
 * @example
 * const mounts = parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8'));
 * mounts.find((mount) => mount.type === 'cgroup2')?.mountPoint; // '/sys/fs/cgroup'
 */
export function parseMountinfo(text: string): MountInfo[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line, index) => parseLine(line, index + 1));
}

function parseLine(text: string, line: number): MountInfo {
  const fail = (problem: string): never => {
    throw new MountinfoError({ line, text, problem });
  };
  // One space splits: the source may be empty, and then two spaces meet.
  const fields = text.split(' ');
  if (fields.length < LEAST_FIELDS) fail(`expected at least ${LEAST_FIELDS} fields, found ${fields.length}`);
  const [id = '', parentId = '', device = '', root = '', mountPoint = '', options = ''] = fields;
  const dash = fields.indexOf('-', FIXED_FIELDS);
  if (dash === -1) fail("expected a lone '-' after the propagation tags");
  const [type = '', source, ...superOptions] = fields.slice(dash + 1);
  if (source === undefined || superOptions.length === 0) return fail("expected type, source and options after the '-'");
  const [major = '', minor = '', ...rest] = device.split(':');
  if (rest.length > 0) fail(`expected MAJOR:MINOR, found '${device}'`);
  if (mountPoint === '' || type === '') fail('expected a mount point and a type');

  return {
    id: toNumber(id, fail),
    parentId: toNumber(parentId, fail),
    major: toNumber(major, fail),
    minor: toNumber(minor, fail),
    root: decodeEscapes(root),
    mountPoint: decodeEscapes(mountPoint),
    options: splitOptions(options),
    tags: parseTags(fields.slice(FIXED_FIELDS, dash), fail),
    type: decodeEscapes(type),
    source: decodeEscapes(source),
    // Some drivers (9p, drvfs) print their options with the spaces in them.
    superOptions: splitOptions(superOptions.join(' ')),
  };
}

function toNumber(digits: string, fail: (problem: string) => never): number {
  if (!/^\d{1,15}$/.test(digits)) fail(`expected a number, found '${digits}'`);
  return Number(digits);
}

function parseTags(words: string[], fail: (problem: string) => never): PropagationTags {
  const tags: PropagationTags = {};
  for (const word of words) {
    const [name = '', value] = word.split(':', 2);
    const numbered = Object.hasOwn(NUMBERED_TAGS, name) ? NUMBERED_TAGS[name] : undefined;
    if (numbered !== undefined) tags[numbered] = toNumber(value ?? '', fail);
    else if (word === 'unbindable') tags.unbindable = true;
    // Other words are skipped: the manual page asks it of parsers.
  }
  return tags;
}

/** Split first, decode after: a comma inside a value is printed as `\054`. */
function splitOptions(text: string): string[] {
  return text === '' ? [] : text.split(',').map(decodeEscapes);
}
