import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { needs } from '@coracle/test-support';
import { describe, expect, test } from '@jest/globals';
import { everything } from '../everything.ts';
import { isContainer, type Keys, pathOf, problemsOf, withPart } from '../tree.ts';
import { isExplained, LOOSER } from './reasons.ts';
import { specification } from './schemas.ts';
import { askSchema, type Verdicts } from './verdicts.ts';

/** Made by ../fixtures/generate-schema-verdicts.ts. */
const recorded: Verdicts = JSON.parse(
  readFileSync(join(import.meta.dirname, '../fixtures/schema-verdicts.json'), 'utf8'),
);

interface Change {
  keys: Keys;
  value: unknown;
  schemaAccepts: boolean;
}

const changes = recorded.verdicts.flatMap(([keys, replaced, removed]): Change[] => [
  ...recorded.values.map((value, index) => ({ keys, value, schemaAccepts: replaced[index] === '1' })),
  ...(removed === '' ? [] : [{ keys, value: undefined, schemaAccepts: removed === '1' }]),
]);

describe('the schema of the specification', () => {
  test('was asked about thousands of changes', () => {
    expect(changes.length).toBeGreaterThan(8000);
    expect(problemsOf(everything)).toEqual([]);
  });

  needs.test(specification)('still says the same', () => {
    expect(JSON.parse(JSON.stringify(askSchema()))).toEqual(recorded);
  });

  test('has the same fields, but for those of other systems', () => {
    const others = /^\$\.(windows|vm|solaris|zos|freebsd)\b|^\$\.process\.(commandLine|user\.username)$/;
    const theirs = recorded.fields.filter((path) => !others.test(path));
    expect([...new Set(fieldsOf(everything, '$'))].sort()).toEqual(theirs);
  });

  test('refuses nothing that we accept, but what the text allows and what Docker and Podman write', () => {
    const looser = changes.filter((change) => !change.schemaAccepts && problemsAfter(change).length === 0);
    const paths = [...new Set(looser.map(({ keys }) => pathOf(keys)))];
    expect(paths.filter((path) => !LOOSER.some((one) => one.test(path)))).toEqual([]);
    expect(paths).toEqual(['$.linux.devices[0].fileMode', '$.linux.resources.pids', '$.linux.resources.pids.limit']);
  });

  test('accepts what we accept; the reasons to refuse more are known', () => {
    const refused = changes.filter(({ schemaAccepts }) => schemaAccepts).flatMap(problemsAfter);
    expect(refused.length).toBeGreaterThan(100);
    expect(refused.filter((problem) => !isExplained(problem))).toEqual([]);
  });
});

function problemsAfter({ keys, value }: Change): ReturnType<typeof problemsOf> {
  return problemsOf(withPart(everything, keys, value));
}

/** The paths of all fields, written as the recorded ones are: `[]` for any item, `.*` for any name. */
function fieldsOf(value: unknown, at: string): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => fieldsOf(item, `${at}[]`));
  if (!isContainer(value) || /\.(annotations|sysctl|unified)$/.test(at)) return [];
  if (/\.(netDevices|rdma)$/.test(at)) return Object.values(value).flatMap((item) => fieldsOf(item, `${at}.*`));
  return Object.entries(value).flatMap(([name, member]) => [`${at}.${name}`, ...fieldsOf(member, `${at}.${name}`)]);
}
