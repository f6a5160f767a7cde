import { describe, expect, test } from '@jest/globals';
import { everything } from './everything.ts';
import { fixture, isContainer, type Keys, partAt, pathOf, problemsOf, withPart } from './tree.ts';

/** Made by fixtures/make-schema-verdicts.py: what the schema of runtime-spec 1.3.0 says of each change to `base`. */
const recorded = fixture('schema-verdicts');
const base = partAt(recorded, ['base']);
const values = list(partAt(recorded, ['values']));

interface Verdict {
  keys: Keys;
  value: unknown;
  schemaAccepts: boolean;
}

const verdicts: Verdict[] = list(partAt(recorded, ['verdicts'])).flatMap((row) => {
  const [keys, replaced, removed] = list(row);
  const way = list(keys).map((key) => (typeof key === 'number' ? key : String(key)));
  const changes = values.map((value, index) => ({ keys: way, value, schemaAccepts: String(replaced)[index] === '1' }));
  // An array has no item taken away here: the others would move up.
  if (typeof way.at(-1) === 'number') return changes;
  return [...changes, { keys: way, value: undefined, schemaAccepts: removed === '1' }];
});

/** Why more is refused than by the schema; each is a sentence of the specification, or a limit of the kernel. */
const STRICTER = [
  /^an absolute path/,
  /^NAME=value/,
  /^a version such as/,
  /^a non-empty string/,
  /^an array with at least/,
  /^at most hard/,
  /^at most \d+, so that the last id/,
  /^a whole number from 1 to 4294967295$/,
  /^a whole number from 0 to 429496729[45]$/,
  /^a whole number from 0 to (5|7|99|511|65535|999999999)$/,
  /^a whole number from -(20 to 19|1000 to 1000)$/,
  /^absent, as linux.namespaces has no/,
  /^a number, as the device is no pipe$/,
  /^one of RLIMIT_AS/,
  /^named once only$/,
  /^1 to 15 characters/,
  /^a \(all\), b/,
  /^letters of rwm$/,
];
/** What the specification's text requires, and its schema does not. */
const REQUIRED = ['$.root', '$.process.args', '$.process.user', '$.process.user.uid', '$.process.user.gid'];
const ALSO_REQUIRED: string[] = [...REQUIRED, '$.linux.memoryPolicy.mode', '$.linux.personality.domain'];

describe('the schema of the specification', () => {
  test('knows the configuration the changes are made to, and so do we', () => {
    expect(problemsOf(base)).toEqual([]);
    expect(verdicts.length).toBeGreaterThan(8000);
  });

  test('has the same fields, but for those of other systems', () => {
    const others = /^\$\.(windows|vm|solaris|zos|freebsd)\b|^\$\.process\.(commandLine|user\.username)$/;
    const theirs = list(partAt(recorded, ['fields'])).filter((path) => !others.test(String(path)));
    expect([...new Set(fieldsOf(everything, '$'))].sort()).toEqual(theirs);
  });

  test('refuses nothing that we accept, but for file type bits of a device', () => {
    const looser = verdicts.filter((verdict) => !verdict.schemaAccepts && problemsAfter(verdict).length === 0);
    expect([...new Set(looser.map(({ keys }) => pathOf(keys)))]).toEqual(['$.linux.devices[0].fileMode']);
  });

  test('accepts what we accept; the reasons to refuse more are known', () => {
    const refused = verdicts.filter(({ schemaAccepts }) => schemaAccepts).flatMap(problemsAfter);
    const unexplained = refused.filter(({ path, found, allowed }) => {
      if (found === 'nothing' && ALSO_REQUIRED.includes(path)) return false;
      return !STRICTER.some((reason) => reason.test(allowed));
    });
    expect(refused.length).toBeGreaterThan(100);
    expect(unexplained).toEqual([]);
  });
});

function problemsAfter({ keys, value }: Verdict): ReturnType<typeof problemsOf> {
  return problemsOf(withPart(base, keys, value));
}

function list(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new Error('not a list');
  return value;
}

/** The paths of all fields, written as the recorded ones are: `[]` for any item, `.*` for any name. */
function fieldsOf(value: unknown, at: string): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => fieldsOf(item, `${at}[]`));
  if (!isContainer(value) || /\.(annotations|sysctl|unified)$/.test(at)) return [];
  if (/\.(netDevices|rdma)$/.test(at)) return Object.values(value).flatMap((item) => fieldsOf(item, `${at}.*`));
  return Object.entries(value).flatMap(([name, member]) => [`${at}.${name}`, ...fieldsOf(member, `${at}.${name}`)]);
}
