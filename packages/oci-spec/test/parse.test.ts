import type { Remark } from '@coracle/oci-spec';
import { parseConfig, parseProcess, parseResources, parseState } from '@coracle/oci-spec/validate';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { everything } from './everything.ts';
import { problemsOf } from './tree.ts';

const parseAny = (value: unknown): unknown => parseConfig(String(value));

/** A configuration with a number as it is written. */
function withLimit(number: string): string {
  return `{"ociVersion": "1.3.0", "root": {"path": "r"}, "linux": {"resources": {"memory": {"limit": ${number}}}}}`;
}

function withArgument(member: string): string {
  const args = `[{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}, {"index": 1, "op": "SCMP_CMP_EQ", ${member}}]`;
  const syscalls = `[{"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": ${args}}]`;
  const seccomp = `{"defaultAction": "SCMP_ACT_KILL", "syscalls": ${syscalls}}`;
  return `{"ociVersion": "1.3.0", "root": {"path": "r"}, "linux": {"seccomp": ${seccomp}}}`;
}

test('a configuration is what JSON.parse makes of it', () => {
  expect(parseConfig(JSON.stringify(everything))).toEqual(everything);
});

describe('what is no JSON', () => {
  test('is refused with line and column, where JSON.parse tells them', () => {
    const found = expect.stringMatching(/^[^\n]* at position 15 \(line 2 column 14\)$/);
    expect(problemsOf('{\n  "root": {} "mounts": [] }', parseAny)).toEqual([{ path: '$', allowed: 'JSON', found }]);
  });

  test('is refused in one line', () => {
    const found = expect.stringMatching(/^Unexpected [^\n]*$/);
    expect(problemsOf('{\n  "root": ]\n}', parseAny)).toEqual([{ path: '$', allowed: 'JSON', found }]);
  });

  test.each([
    ['process', parseProcess],
    ['resources', parseResources],
    ['state', parseState],
  ])('is an invalid %s to its reader', (what, parse) => {
    expect(() => parse('')).toThrow(`invalid ${what}: $ must be JSON`);
  });
});

describe('numbers that JavaScript rounds', () => {
  const remarksOn = (text: string): Remark[] => {
    const remarks: Remark[] = [];
    parseConfig(text, { onRemark: (remark) => remarks.push(remark) });
    return remarks;
  };

  test('are remarks in limits, with what is read instead', () => {
    expect(remarksOn(withLimit('9007199254740993'))).toEqual([
      { path: '$.linux.resources.memory.limit', text: 'is 9007199254740993 and is read as 9007199254740992' },
    ]);
  });

  test.each(['9007199254740992', '9223372036854775807', '-9223372036854775808', '18014398509481984', '1073741824'])(
    '%s is none of them, or means no limit',
    (number) => {
      expect(remarksOn(withLimit(number))).toEqual([]);
    },
  );

  test.each([
    ['"value": 9007199254740993', { value: '9007199254740993' }],
    ['"value": 1, "valueTwo": 18446744073709551614', { value: 1, valueTwo: '18446744073709551614' }],
    ['"value": 9223372036854775807', { value: '9223372036854775807' }],
    ['"value": 9223372036854775808', { value: 2 ** 63 }],
    ['"value": 9007199254740993, "value": 9007199254740992', { value: 2 ** 53 }],
    ['"value": 9007199254740993, "value": 5', { value: 5 }],
  ])('stay exact where a filter compares with them: %s', (member, expected) => {
    const { linux } = parseConfig(withArgument(member));
    expect(linux?.seccomp?.syscalls?.[0]?.args?.[1]).toEqual({ index: 1, op: 'SCMP_CMP_EQ', ...expected });
  });

  test.each(['"5"', '"9007199254740992"', '"0x9007199254740993"', '"-9007199254740993"', '"18446744073709551616"'])(
    'are no texts that somebody wrote: %s',
    (value) => {
      expect(problemsOf(withArgument(`"value": ${value}`), parseAny)).toMatchObject([
        { path: '$.linux.seccomp.syscalls[0].args[1].value' },
      ]);
    },
  );

  test('all 64 bits of a filter are understood', () => {
    expect(problemsOf(withArgument('"value": 18446744073709551615'), parseAny)).toEqual([]);
  });

  test('are found by their path, whatever is in the texts around them', () => {
    const texts = fc.array(fc.tuple(fc.string(), fc.string()), { maxLength: 4 });
    fc.assert(
      fc.property(texts, fc.string(), (pairs, path) => {
        const annotations = Object.fromEntries(pairs.map(([key, value]) => [`a${key}`, `${value}12345678901234567`]));
        const root = JSON.stringify({ path: `r${path.replaceAll('\0', '')}`, list: ['[', { ',': [[], 0] }, '}'] });
        const text = withLimit('9007199254740993').replace('{"path": "r"}', () => root);
        const whole = text.replace(
          '{',
          () => `{"annotations": ${JSON.stringify(annotations).replaceAll('\\u0000', '0')}, `,
        );
        expect(remarksOn(whole).map((remark) => remark.path)).toEqual(['$.linux.resources.memory.limit']);
      }),
    );
  });
});

test('limits and processes have paths of their own', () => {
  expect(parseResources('{"pids": {"limit": 5}}')).toEqual({ pids: { limit: 5 } });
  expect(problemsOf('{"pids": {"limit": "5"}}', (text) => parseResources(String(text)))).toMatchObject([
    { path: '$.pids.limit' },
  ]);
  expect(() => parseProcess('{"cwd": "/", "args": [], "user": {"uid": 0, "gid": 0}}')).toThrow(
    'invalid process: $.args must be an array with at least the program in it, found an empty array',
  );
});

describe('whatever is given, the only error is our own', () => {
  test('any JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        problemsOf(value);
        problemsOf(JSON.stringify(value), parseAny);
      }),
    );
  });

  test('any JSON value as a part of a configuration', () => {
    const names = fc.constantFrom('root', 'process', 'mounts', 'hooks', 'annotations', 'linux', 'ociVersion');
    fc.assert(fc.property(names, fc.jsonValue(), (name, value) => void problemsOf({ ...everything, [name]: value })));
  });

  test('any text', () => {
    fc.assert(fc.property(fc.string(), (text) => void problemsOf(text, parseAny)));
  });

  test('names of the language’s own, deep nests and long texts', () => {
    const deep = `${'['.repeat(100_000)}9007199254740993${']'.repeat(100_000)}`;
    const odd = '{"__proto__": {"root": 1}, "constructor": 2, "toString": null, "hasOwnProperty": 3}';
    for (const text of [deep, odd, `{"x": ${deep}}`, JSON.stringify('\\"é'.repeat(1_000_000)), '9'.repeat(100_000)]) {
      expect(problemsOf(text, parseAny)).not.toEqual([]);
    }
  });
});
